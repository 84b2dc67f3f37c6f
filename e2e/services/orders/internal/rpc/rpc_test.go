package rpc_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	ordersv1 "treaty.dev/e2e/orders/gen/acme/orders/v1"
	ordersv2 "treaty.dev/e2e/orders/gen/acme/orders/v2"
	paymentsv2 "treaty.dev/e2e/orders/gen/acme/payments/v2"
	"treaty.dev/e2e/orders/internal/execution"
	"treaty.dev/e2e/orders/internal/order"
	"treaty.dev/e2e/orders/internal/payments"
	"treaty.dev/e2e/orders/internal/rpc"
)

const big = 9007199254740993

// fakePayments records the last charge and the metadata that came with it.
type fakePayments struct {
	paymentsv2.UnimplementedPaymentsServer
	err      error
	charge   *paymentsv2.CreatePaymentRequest
	metadata metadata.MD
}

func (f *fakePayments) CreatePayment(ctx context.Context, request *paymentsv2.CreatePaymentRequest) (*paymentsv2.Payment, error) {
	f.charge = request
	f.metadata, _ = metadata.FromIncomingContext(ctx)
	return &paymentsv2.Payment{}, f.err
}

// listen serves on a free port until the test ends, and returns its address.
func listen(t *testing.T, server *grpc.Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// connect starts the API and returns a connection to it.
func connect(t *testing.T, fake *fakePayments) *grpc.ClientConn {
	t.Helper()
	upstream := grpc.NewServer()
	paymentsv2.RegisterPaymentsServer(upstream, fake)
	client, err := payments.NewGRPCClient(listen(t, upstream))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })

	address := listen(t, rpc.NewServer(rpc.API{
		Orders:     order.NewStore(),
		Executions: execution.NewCounter(),
		Payments:   client,
		Log:        slog.New(slog.DiscardHandler),
	}))
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestShapesOfTheVersions(t *testing.T) {
	conn := connect(t, &fakePayments{})

	first, err := ordersv1.NewOrdersClient(conn).GetOrder(t.Context(), &ordersv1.GetOrderRequest{Id: big})
	if err != nil {
		t.Fatal(err)
	}
	if first.GetId() != big || first.GetAmountMinor() != 129900 || first.GetCurrency() != "EUR" {
		t.Errorf("v1: got %v", first)
	}
	second, err := ordersv2.NewOrdersClient(conn).GetOrder(t.Context(), &ordersv2.GetOrderRequest{Id: "9007199254740993"})
	if err != nil {
		t.Fatal(err)
	}
	if second.GetId() != "9007199254740993" || second.GetTotal().GetMinorUnits() != 129900 ||
		second.GetState() != ordersv2.OrderState_ORDER_STATE_PAID {
		t.Errorf("v2: got %v", second)
	}

	_, err = ordersv2.NewOrdersClient(conn).GetOrder(t.Context(), &ordersv2.GetOrderRequest{Id: "no number"})
	if status.Code(err) != codes.NotFound {
		t.Errorf("unknown order: got %v", err)
	}
}

func TestCreateV2ChargesAndPropagates(t *testing.T) {
	fake := &fakePayments{}
	client := ordersv2.NewOrdersClient(connect(t, fake))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-request-id", "r1", "cookie", "secret=1")
	request := &ordersv2.CreateOrderRequest{Total: &ordersv2.Money{Currency: "EUR", MinorUnits: 500}}

	created, err := client.CreateOrder(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	if created.GetState() != ordersv2.OrderState_ORDER_STATE_PAID {
		t.Errorf("got %v", created)
	}
	if fake.charge.GetOrderId() != created.GetId() || fake.charge.GetAmount().GetMinorUnits() != 500 {
		t.Errorf("charge: got %v", fake.charge)
	}
	if got := fake.metadata.Get("x-request-id"); !slices.Equal(got, []string{"r1"}) {
		t.Errorf("x-request-id: got %q", got)
	}
	if got := fake.metadata.Get("cookie"); got != nil {
		t.Errorf("cookie: got %q", got)
	}

	fake.err = status.Error(codes.FailedPrecondition, "card declined")
	if _, err := client.CreateOrder(ctx, request); status.Code(err) != codes.Unavailable {
		t.Errorf("failed charge: got %v", err)
	}
}

func TestWatchStreamsTheCount(t *testing.T) {
	client := ordersv1.NewOrdersClient(connect(t, &fakePayments{}))
	stream, err := client.WatchOrders(t.Context(), &ordersv1.WatchOrdersRequest{Count: 4, IntervalMs: 1})
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for {
		o, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, o.GetId())
	}
	if !slices.Equal(ids, []int64{1, 2, big, 1}) {
		t.Errorf("got %v", ids)
	}
}

func TestEchoShowsTheCall(t *testing.T) {
	client := ordersv1.NewOrdersClient(connect(t, &fakePayments{}))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "trace-bin", "\x00\xff")
	response, err := client.Echo(ctx, &ordersv1.EchoRequest{Payload: []byte("hi")})
	if err != nil {
		t.Fatal(err)
	}
	if string(response.GetPayload()) != "hi" || response.GetService() != "acme.orders.v1.Orders" || response.GetMethod() != "Echo" {
		t.Errorf("got %v", response)
	}
	if !slices.ContainsFunc(response.GetHeaders(), func(h *ordersv1.Header) bool {
		return h.GetName() == "trace-bin" && string(h.GetValue()) == "\x00\xff"
	}) {
		t.Errorf("headers: got %v", response.GetHeaders())
	}
}

func TestFailCarriesDetails(t *testing.T) {
	client := ordersv2.NewOrdersClient(connect(t, &fakePayments{}))
	_, err := client.Fail(t.Context(), &ordersv2.FailRequest{Code: int32(codes.Unavailable), Message: "later", WithDetails: true})
	s := status.Convert(err)
	if s.Code() != codes.Unavailable || s.Message() != "later" {
		t.Errorf("got %v", s)
	}
	var info, retry, debug bool
	for _, detail := range s.Details() {
		switch detail.(type) {
		case *errdetails.ErrorInfo:
			info = true
		case *errdetails.RetryInfo:
			retry = true
		case *errdetails.DebugInfo:
			debug = true
		}
	}
	if !info || !retry || !debug {
		t.Errorf("details: got %v", s.Details())
	}
	if _, err := client.Fail(t.Context(), &ordersv2.FailRequest{}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("OK: got %v", err)
	}
}

func TestPanicBecomesInternal(t *testing.T) {
	client := ordersv1.NewOrdersClient(connect(t, &fakePayments{}))
	_, err := client.Panic(t.Context(), &ordersv1.PanicRequest{})
	if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("got %v", err)
	}
}

func TestSlowHonoursTheDeadline(t *testing.T) {
	client := ordersv2.NewOrdersClient(connect(t, &fakePayments{}))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := client.Slow(ctx, &ordersv2.SlowRequest{DelayMs: 60_000}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
}
