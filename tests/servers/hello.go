// SPDX-License-Identifier: ISC

// A static server without libc: hello ADDRESS
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
)

func hello(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, "hello from", r.RemoteAddr)
}

func main() {
	log.Fatal(http.ListenAndServeTLS(os.Args[1], "cert.pem", "key.pem",
		http.HandlerFunc(hello)))
}
