// Command grpc-go calls methods with grpc-go and prints what it decoded: one
// line of JSON for each on its standard input.
package main

import (
	"bufio"
	"encoding/json"
	"io"
	"log"
	"os"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run answers until the input ends. What a call could not do is told, and the
// next line is read.
func run(in io.Reader, out io.Writer) error {
	calls := json.NewDecoder(bufio.NewReader(in))
	outcomes := json.NewEncoder(out)
	for {
		var c call
		if err := calls.Decode(&c); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		var answer any
		answer, err := c.run()
		if err != nil {
			answer = map[string]string{"error": err.Error()}
		}
		if err := outcomes.Encode(answer); err != nil {
			return err
		}
	}
}
