// Two-txns is the least that a guarded request can cost: it writes a key and then writes it again, as
// a claim and its end do, by etcd's own client over one connection.
//
//	two-txns 127.0.0.1:2379
//
// For each number on standard input it does that so often, each time with another key, and prints how
// many nanoseconds each pair took, on one line.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	leaseSeconds = 3600
	// What a claim has, and what it has with a short answer.
	claimOctets  = 120
	answerOctets = 320
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: two-txns ENDPOINT")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(endpoint string) error {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: 10 * time.Second})
	if err != nil {
		return err
	}
	defer client.Close()
	lease, err := client.Grant(context.Background(), leaseSeconds)
	if err != nil {
		return err
	}
	writer := writer{client: client, lease: lease.ID}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		count, err := strconv.Atoi(lines.Text())
		if err != nil {
			return err
		}
		taken := make([]string, count)
		for i := range taken {
			started := time.Now()
			if err := writer.claimAndEnd(); err != nil {
				return err
			}
			taken[i] = strconv.FormatInt(time.Since(started).Nanoseconds(), 10)
		}
		fmt.Println(strings.Join(taken, " "))
	}
	return lines.Err()
}

type writer struct {
	client *clientv3.Client
	lease  clientv3.LeaseID
	keys   int
}

func (w *writer) claimAndEnd() error {
	w.keys++
	key := fmt.Sprintf("two-txns/%064x", w.keys)
	absent := clientv3.Compare(clientv3.CreateRevision(key), "=", 0)
	claimed, err := w.write(key, claimOctets, absent)
	if err != nil {
		return err
	}
	own := clientv3.Compare(clientv3.ModRevision(key), "<", claimed+1)
	_, err = w.write(key, answerOctets, own)
	return err
}

// Write puts a value of so many octets if the condition holds, and returns its revision.
func (w *writer) write(key string, octets int, condition clientv3.Cmp) (int64, error) {
	put := clientv3.OpPut(key, strings.Repeat("x", octets), clientv3.WithLease(w.lease))
	answer, err := w.client.Txn(context.Background()).If(condition).Then(put).Else(clientv3.OpGet(key)).Commit()
	if err != nil {
		return 0, err
	}
	if !answer.Succeeded {
		return 0, fmt.Errorf("%s is there already, or is another's", key)
	}
	return answer.Header.Revision, nil
}
