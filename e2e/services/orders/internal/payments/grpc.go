package payments

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	paymentsv2 "treaty.dev/e2e/orders/gen/acme/payments/v2"
	"treaty.dev/e2e/orders/internal/propagation"
)

// GRPCClient calls version 2 of the gRPC API of payments.
type GRPCClient struct {
	conn   *grpc.ClientConn
	client paymentsv2.PaymentsClient
}

// NewGRPCClient returns a client for the server at the address. It connects on
// the first call, so that the services of a test may start in any order.
func NewGRPCClient(address string) (*GRPCClient, error) {
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(propagation.UnaryClientInterceptor),
	)
	if err != nil {
		return nil, err
	}
	return &GRPCClient{conn: conn, client: paymentsv2.NewPaymentsClient(conn)}, nil
}

// Charge creates a payment.
func (c *GRPCClient) Charge(ctx context.Context, charge Charge) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := c.client.CreatePayment(ctx, &paymentsv2.CreatePaymentRequest{
		OrderId: charge.OrderID,
		Amount: &paymentsv2.Money{
			Currency:   charge.Currency,
			MinorUnits: charge.AmountMinor,
		},
	})
	return err
}

// ByOrder returns the payment of an order.
func (c *GRPCClient) ByOrder(ctx context.Context, orderID string) (*paymentsv2.Payment, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	payment, err := c.client.GetPayment(ctx, &paymentsv2.GetPaymentRequest{OrderId: orderID})
	if status.Code(err) == codes.NotFound {
		return nil, ErrNotFound
	}
	return payment, err
}

// Close ends the connection.
func (c *GRPCClient) Close() error {
	return c.conn.Close()
}
