// SPDX-License-Identifier: ISC

// A static server without libc, at port 8443 of every address.
package main

import (
	"fmt"
	"net"
)

func main() {
	listener, err := net.Listen("tcp", ":8443")
	if err != nil {
		panic(err)
	}
	for {
		if client, err := listener.Accept(); err == nil {
			fmt.Fprintln(client, "hello")
			client.Close()
		}
	}
}
