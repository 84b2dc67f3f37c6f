package rpc

import (
	"context"
	"log/slog"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// recoverUnary turns a panic into an Internal status that carries its text. The
// recovery interceptors that most teams use do the same, and so tell a client
// what went wrong inside.
func recoverUnary(log *slog.Logger) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (_ any, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = recovered(ctx, log, info.FullMethod, p)
			}
		}()
		return handle(ctx, request)
	}
}

// recoverStream does for streams what recoverUnary does for single calls.
func recoverStream(log *slog.Logger) grpc.StreamServerInterceptor {
	return func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = recovered(stream.Context(), log, info.FullMethod, p)
			}
		}()
		return handle(server, stream)
	}
}

func recovered(ctx context.Context, log *slog.Logger, method string, p any) error {
	log.ErrorContext(ctx, "panic", "method", method, "panic", p, "stack", string(debug.Stack()))
	return status.Errorf(codes.Internal, "panic caught: %v", p)
}
