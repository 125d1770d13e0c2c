// SPDX-License-Identifier: ISC

// A static server of net/http: server PLAIN_PORT TLS_PORT CERTIFICATE KEY.  A
// port @N is the descriptor N.
package main

import (
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
)

func listen(port string) net.Listener {
	var l net.Listener
	var err error
	if port[0] == '@' {
		n, _ := strconv.Atoi(port[1:])
		l, err = net.FileListener(os.NewFile(uintptr(n), port))
	} else {
		l, err = net.Listen("tcp", ":"+port)
	}
	if err != nil {
		log.Fatal(err)
	}
	return l
}

func main() {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "ok\n")
	})
	go func() {
		log.Fatal(http.Serve(listen(os.Args[1]), answer))
	}()
	log.Fatal(http.ServeTLS(listen(os.Args[2]), answer, os.Args[3],
		os.Args[4]))
}
