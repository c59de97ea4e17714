// mochi: the broker of github.com/mochi-mqtt/server, with one TCP listener, for everybody.
//
//	mochi HOST:PORT [badger|bolt|pebble FOLDER]
//
// SIGTERM and SIGINT stop it in good order.
package main

import (
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/hooks/storage/badger"
	"github.com/mochi-mqtt/server/v2/hooks/storage/bolt"
	"github.com/mochi-mqtt/server/v2/hooks/storage/pebble"
	"github.com/mochi-mqtt/server/v2/listeners"
)

func addStore(server *mqtt.Server, kind, folder string) error {
	switch kind {
	case "badger":
		return server.AddHook(new(badger.Hook), &badger.Options{Path: folder})
	case "bolt":
		return server.AddHook(new(bolt.Hook), &bolt.Options{Path: filepath.Join(folder, "bolt.db")})
	case "pebble":
		return server.AddHook(new(pebble.Hook), &pebble.Options{Path: folder, Mode: pebble.Sync})
	}
	return fmt.Errorf("there is no store %q", kind)
}

func serve(address string, store []string) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)

	server := mqtt.New(nil)
	if err := server.AddHook(new(auth.AllowHook), nil); err != nil {
		return err
	}
	if len(store) == 2 {
		if err := addStore(server, store[0], store[1]); err != nil {
			return err
		}
	}
	tcp := listeners.NewTCP(listeners.Config{ID: "tcp", Address: address})
	if err := server.AddListener(tcp); err != nil {
		return err
	}
	if err := server.Serve(); err != nil {
		return err
	}
	<-stop
	return server.Close()
}

func main() {
	if len(os.Args) != 2 && len(os.Args) != 4 {
		log.Fatal("usage: mochi HOST:PORT [badger|bolt|pebble FOLDER]")
	}
	if err := serve(os.Args[1], os.Args[2:]); err != nil {
		log.Fatal(err)
	}
}
