package rpc

import (
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// failure is the error that a Fail call asks for.
func failure(code int32, message string, withDetails bool) error {
	s := status.New(codes.Code(code), message)
	if s.Code() == codes.OK {
		return status.Error(codes.InvalidArgument, "OK is not a code to fail with")
	}
	if !withDetails {
		return s.Err()
	}
	// Two of the details are for the client. The third, DebugInfo, is for the
	// team alone and shows it with an internal address.
	detailed, err := s.WithDetails(
		&errdetails.ErrorInfo{
			Reason:   "ORDER_STORE_UNAVAILABLE",
			Domain:   "orders.acme.example",
			Metadata: map[string]string{"store": "orders"},
		},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(2 * time.Second)},
		&errdetails.DebugInfo{
			StackEntries: []string{"orders/store.go:42 store.Get", "orders/rpc.go:17 rpc.GetOrder"},
			Detail:       "dial tcp 10.0.3.7:5432: connect: connection refused",
		},
	)
	if err != nil {
		return status.Errorf(codes.Internal, "attach details: %v", err)
	}
	return detailed.Err()
}
