package propagation

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// UnaryServerInterceptor remembers the metadata that travels on for as long as
// the call is handled.
func UnaryServerInterceptor(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	return handle(collectMetadata(ctx), request)
}

// StreamServerInterceptor does for streams what UnaryServerInterceptor does for
// single calls.
func StreamServerInterceptor(server any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	return handle(server, streamIn{stream, collectMetadata(stream.Context())})
}

// UnaryClientInterceptor adds the remembered metadata to a call.
func UnaryClientInterceptor(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	for name, values := range fromContext(ctx) {
		for _, value := range values {
			ctx = metadata.AppendToOutgoingContext(ctx, name, value)
		}
	}
	return invoke(ctx, method, request, reply, conn, options...)
}

func collectMetadata(ctx context.Context) context.Context {
	return collect(ctx, func(name string) []string {
		return metadata.ValueFromIncomingContext(ctx, name)
	})
}

// streamIn is a stream in a context of its own.
type streamIn struct {
	grpc.ServerStream
	ctx context.Context
}

// Context implements grpc.ServerStream.
func (s streamIn) Context() context.Context {
	return s.ctx
}
