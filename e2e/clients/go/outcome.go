package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/code"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails" // Registers the types of the details.
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/anypb"
)

// outcome is what the client decoded of a call.
type outcome struct {
	Code     string            `json:"code"`
	Message  string            `json:"message"`
	Details  []map[string]any  `json:"details"`
	Metadata map[string]string `json:"metadata"`
	Messages int               `json:"messages"`
}

func outcomeOf(err error, messages int, blocks ...metadata.MD) (outcome, error) {
	s := status.Convert(err)
	o := outcome{
		Code:     code.Code(s.Code()).String(),
		Message:  s.Message(),
		Details:  []map[string]any{},
		Metadata: fields(blocks),
		Messages: messages,
	}
	for _, packed := range s.Proto().GetDetails() {
		members, err := detail(packed)
		if err != nil {
			return outcome{}, err
		}
		o.Details = append(o.Details, members)
	}
	return o, nil
}

// detail returns the type of a detail and its members, or its octets where the
// type is not known.
func detail(packed *anypb.Any) (map[string]any, error) {
	members := map[string]any{"type": string(packed.MessageName())}
	message, err := packed.UnmarshalNew()
	if errors.Is(err, protoregistry.NotFound) {
		members["value"] = packed.GetValue()
		return members, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := protojson.Marshal(message)
	if err != nil {
		return nil, err
	}
	return members, json.Unmarshal(text, &members)
}

// fields merges the header and the trailer, without what has a member of its own.
func fields(blocks []metadata.MD) map[string]string {
	merged := map[string]string{}
	for name, values := range metadata.Join(blocks...) {
		if name == "grpc-status-details-bin" {
			continue
		}
		if strings.HasSuffix(name, "-bin") {
			for i, value := range values {
				values[i] = base64.StdEncoding.EncodeToString([]byte(value))
			}
		}
		merged[name] = strings.Join(values, ", ")
	}
	return merged
}
