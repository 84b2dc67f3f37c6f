package calllog

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// UnaryServerInterceptor logs each single call once it is answered.
func UnaryServerInterceptor(log *slog.Logger) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		started := time.Now()
		response, err := handle(ctx, request)
		logCall(ctx, log, info.FullMethod, started, err)
		return response, err
	}
}

// StreamServerInterceptor logs each stream once it has ended.
func StreamServerInterceptor(log *slog.Logger) grpc.StreamServerInterceptor {
	return func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
		started := time.Now()
		err := handle(server, stream)
		logCall(stream.Context(), log, info.FullMethod, started, err)
		return err
	}
}

func logCall(ctx context.Context, log *slog.Logger, method string, started time.Time, err error) {
	var requestID string
	if values := metadata.ValueFromIncomingContext(ctx, "x-request-id"); len(values) > 0 {
		requestID = values[0]
	}
	log.InfoContext(ctx, "call",
		"path", method,
		"grpc_code", status.Code(err).String(),
		"micros", time.Since(started).Microseconds(),
		"request_id", requestID,
	)
}
