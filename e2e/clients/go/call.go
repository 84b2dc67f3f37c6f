package main

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// call is a call as the test asks for it.
type call struct {
	Address   string      `json:"address"`
	Authority string      `json:"authority"`
	Path      string      `json:"path"`
	Message   []byte      `json:"message"`
	Streaming bool        `json:"streaming"`
	Metadata  [][2]string `json:"metadata"`
	TimeoutMS int64       `json:"timeout_ms"`
}

// run makes the call over a connection of its own. An error means that there
// was no call.
func (c call) run() (outcome, error) {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableRetry(), // Each failure is to be seen as it came.
		grpc.WithNoProxy(),
	}
	if c.Authority != "" {
		options = append(options, grpc.WithAuthority(c.Authority))
	}
	conn, err := grpc.NewClient("passthrough:///"+c.Address, options...)
	if err != nil {
		return outcome{}, err
	}
	defer conn.Close()

	// An Empty keeps what it does not know, so it takes any message.
	request := new(emptypb.Empty)
	if err := proto.Unmarshal(c.Message, request); err != nil {
		return outcome{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(c.TimeoutMS)*time.Millisecond)
	defer cancel()
	for _, field := range c.Metadata {
		ctx = metadata.AppendToOutgoingContext(ctx, field[0], field[1])
	}

	var header, trailer metadata.MD
	take := []grpc.CallOption{grpc.Header(&header), grpc.Trailer(&trailer)}
	messages, err := 0, error(nil)
	if c.Streaming {
		messages, err = c.stream(ctx, conn, request, take)
	} else if err = conn.Invoke(ctx, c.Path, request, new(emptypb.Empty), take...); err == nil {
		messages = 1
	}
	return outcomeOf(err, messages, header, trailer)
}

// stream counts the messages of a server-streaming call.
func (c call) stream(ctx context.Context, conn *grpc.ClientConn, request proto.Message, take []grpc.CallOption) (int, error) {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, c.Path, take...)
	if err != nil {
		return 0, err
	}
	// What ended the stream already is told by RecvMsg.
	if err := stream.SendMsg(request); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if err := stream.CloseSend(); err != nil {
		return 0, err
	}
	for messages := 0; ; messages++ {
		err := stream.RecvMsg(new(emptypb.Empty))
		if errors.Is(err, io.EOF) {
			return messages, nil
		}
		if err != nil {
			return messages, err
		}
	}
}
