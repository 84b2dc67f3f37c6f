package rpc

import (
	"context"

	"google.golang.org/grpc"

	ordersv1 "treaty.dev/e2e/orders/gen/acme/orders/v1"
	"treaty.dev/e2e/orders/internal/crash"
	"treaty.dev/e2e/orders/internal/order"
)

// serverV1 serves acme.orders.v1.
type serverV1 struct {
	ordersv1.UnimplementedOrdersServer
	API
}

func messageV1(o order.Order) *ordersv1.Order {
	return &ordersv1.Order{
		Id:          int64(o.ID),
		AmountMinor: o.AmountMinor,
		Currency:    o.Currency,
		Lines:       o.Lines,
	}
}

func (s serverV1) GetOrder(_ context.Context, request *ordersv1.GetOrderRequest) (*ordersv1.Order, error) {
	o, err := s.get(order.ID(request.GetId()))
	if err != nil {
		return nil, err
	}
	return messageV1(o), nil
}

func (s serverV1) CreateOrder(ctx context.Context, request *ordersv1.CreateOrderRequest) (*ordersv1.Order, error) {
	return messageV1(s.create(ctx, request.GetAmountMinor(), request.GetCurrency(), request.GetLines())), nil
}

func (s serverV1) WatchOrders(request *ordersv1.WatchOrdersRequest, stream grpc.ServerStreamingServer[ordersv1.Order]) error {
	return s.watch(stream.Context(), request.GetCount(), request.GetIntervalMs(), func(o order.Order) error {
		return stream.Send(messageV1(o))
	})
}

func (s serverV1) Echo(ctx context.Context, request *ordersv1.EchoRequest) (*ordersv1.EchoResponse, error) {
	c := callOf(ctx)
	response := &ordersv1.EchoResponse{
		Payload: request.GetPayload(),
		Service: c.service,
		Method:  c.method,
	}
	for _, h := range c.headers {
		response.Headers = append(response.Headers, &ordersv1.Header{Name: h.name, Value: []byte(h.value)})
	}
	return response, nil
}

func (s serverV1) Fail(_ context.Context, request *ordersv1.FailRequest) (*ordersv1.Order, error) {
	return nil, failure(request.GetCode(), request.GetMessage(), request.GetWithDetails())
}

func (s serverV1) Panic(context.Context, *ordersv1.PanicRequest) (*ordersv1.Order, error) {
	crash.Now()
	return &ordersv1.Order{}, nil
}

func (s serverV1) Slow(ctx context.Context, request *ordersv1.SlowRequest) (*ordersv1.Order, error) {
	o, err := s.slow(ctx, request.GetDelayMs())
	if err != nil {
		return nil, err
	}
	return messageV1(o), nil
}
