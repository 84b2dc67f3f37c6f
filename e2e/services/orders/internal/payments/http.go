package payments

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"treaty.dev/e2e/orders/internal/propagation"
)

// answerLimit is the most of an answer that the client reads.
const answerLimit = 1 << 20

// HTTPClient calls the REST API of payments.
type HTTPClient struct {
	base   string
	client *http.Client
}

// NewHTTPClient returns a client for the API under the base URL.
func NewHTTPClient(base string) *HTTPClient {
	return &HTTPClient{
		base: base,
		client: &http.Client{
			Transport: propagation.Transport{Base: http.DefaultTransport},
			Timeout:   callTimeout,
		},
	}
}

// Charge creates a payment.
func (c *HTTPClient) Charge(ctx context.Context, charge Charge) error {
	body, err := json.Marshal(charge)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, http.MethodPost, "/v2/payments", body)
	return err
}

// ByOrder returns the payment of an order, just as payments wrote it.
func (c *HTTPClient) ByOrder(ctx context.Context, orderID string) (json.RawMessage, error) {
	answer, err := c.do(ctx, http.MethodGet, "/v2/payments/by-order/"+url.PathEscape(orderID), nil)
	if err != nil {
		return nil, err
	}
	if !json.Valid(answer) {
		return nil, fmt.Errorf("payments answered with no JSON: %q", answer)
	}
	return answer, nil
}

func (c *HTTPClient) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode == http.StatusNotFound:
		return nil, ErrNotFound
	case response.StatusCode >= http.StatusMultipleChoices:
		return nil, fmt.Errorf("payments answered %s: %s", response.Status, bytes.TrimSpace(answer))
	}
	return answer, nil
}
