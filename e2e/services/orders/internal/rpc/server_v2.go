package rpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ordersv2 "treaty.dev/e2e/orders/gen/acme/orders/v2"
	"treaty.dev/e2e/orders/internal/crash"
	"treaty.dev/e2e/orders/internal/order"
)

// serverV2 serves acme.orders.v2.
type serverV2 struct {
	ordersv2.UnimplementedOrdersServer
	API
}

func messageV2(o order.Order) *ordersv2.Order {
	return &ordersv2.Order{
		Id:    o.ID.String(),
		Total: &ordersv2.Money{Currency: o.Currency, MinorUnits: o.AmountMinor},
		Lines: o.Lines,
		State: stateV2(o.State),
	}
}

func stateV2(state order.State) ordersv2.OrderState {
	switch state {
	case order.Open:
		return ordersv2.OrderState_ORDER_STATE_OPEN
	case order.Paid:
		return ordersv2.OrderState_ORDER_STATE_PAID
	}
	return ordersv2.OrderState_ORDER_STATE_UNSPECIFIED
}

func (s serverV2) GetOrder(_ context.Context, request *ordersv2.GetOrderRequest) (*ordersv2.Order, error) {
	id, err := order.ParseID(request.GetId())
	if err != nil {
		return nil, status.Error(codes.NotFound, "order not found")
	}
	o, err := s.get(id)
	if err != nil {
		return nil, err
	}
	return messageV2(o), nil
}

func (s serverV2) CreateOrder(ctx context.Context, request *ordersv2.CreateOrderRequest) (*ordersv2.Order, error) {
	total := request.GetTotal()
	o, err := s.charge(ctx, s.create(ctx, total.GetMinorUnits(), total.GetCurrency(), request.GetLines()))
	if err != nil {
		return nil, err
	}
	return messageV2(o), nil
}

func (s serverV2) WatchOrders(request *ordersv2.WatchOrdersRequest, stream grpc.ServerStreamingServer[ordersv2.Order]) error {
	return s.watch(stream.Context(), request.GetCount(), request.GetIntervalMs(), func(o order.Order) error {
		return stream.Send(messageV2(o))
	})
}

func (s serverV2) Echo(ctx context.Context, request *ordersv2.EchoRequest) (*ordersv2.EchoResponse, error) {
	c := callOf(ctx)
	response := &ordersv2.EchoResponse{
		Payload: request.GetPayload(),
		Service: c.service,
		Method:  c.method,
	}
	for _, h := range c.headers {
		response.Headers = append(response.Headers, &ordersv2.Header{Name: h.name, Value: []byte(h.value)})
	}
	return response, nil
}

func (s serverV2) Fail(_ context.Context, request *ordersv2.FailRequest) (*ordersv2.Order, error) {
	return nil, failure(request.GetCode(), request.GetMessage(), request.GetWithDetails())
}

func (s serverV2) Panic(context.Context, *ordersv2.PanicRequest) (*ordersv2.Order, error) {
	crash.Now()
	return &ordersv2.Order{}, nil
}

func (s serverV2) Slow(ctx context.Context, request *ordersv2.SlowRequest) (*ordersv2.Order, error) {
	o, err := s.slow(ctx, request.GetDelayMs())
	if err != nil {
		return nil, err
	}
	return messageV2(o), nil
}
