// The agent of Paho for Go, as docs/AGENT.md wants it, for MQTT 3.1.1. Its objects serve one connection;
// what is to outlive it, the store of messages, is handed from one object to the next.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

type object = map[string]any

var (
	lock    sync.Mutex
	waiting = map[float64]bool{} // commands without an answer
	client  mqtt.Client
	store   = mqtt.NewMemoryStore()
	schemes = map[string]string{"tcp": "tcp", "tls": "ssl", "ws": "ws", "wss": "wss", "unix": "unix"}
)

// What the library has no way to do: the panic of whoever finds that.
type unsupported string

// A field that may be left out, but is of this type.
func optional[T any](c object, name string, otherwise T) T {
	if value, ok := c[name]; ok {
		return value.(T)
	}
	return otherwise
}

// What there is in 5.0 alone.
func keepTo311(c object) {
	for name := range optional(c, "properties", object{}) {
		panic(unsupported(name))
	}
	for _, name := range []string{"code", "no_local", "retain_as_published", "retain_handling"} {
		if value, ok := c[name]; ok && value != false && value != 0.0 {
			panic(unsupported(name))
		}
	}
}

func say(event string, fields object) {
	fields["event"] = event
	line, _ := json.Marshal(fields)
	lock.Lock()
	defer lock.Unlock()
	if id, ok := fields["id"].(float64); ok {
		if !waiting[id] {
			return // has been answered
		}
		delete(waiting, id)
	}
	fmt.Printf("%s\n", line)
}

// Calls are made in the order of the commands; only their outcomes are waited for side by side.
func await(id float64, token mqtt.Token, told func() (string, object)) {
	go func() {
		token.Wait()
		event, fields := told()
		if token.Error() != nil && event != "refused" {
			event, fields = "error", object{"text": token.Error().Error()}
		}
		fields["id"] = id
		say(event, fields)
	}()
}

func connectionEnded(_ mqtt.Client, why error) {
	lock.Lock()
	var left []float64
	for id := range waiting {
		left = append(left, id)
	}
	lock.Unlock()
	for _, id := range left { // first what waits, then the end
		say("error", object{"id": id, "text": why.Error()})
	}
	say("disconnected", object{"text": why.Error()})
}

func onMessage(_ mqtt.Client, m mqtt.Message) {
	say("message", object{"topic": m.Topic(), "payload_hex": hex.EncodeToString(m.Payload()),
		"qos": m.Qos(), "retain": m.Retained(), "dup": m.Duplicate()})
}

func content(c object) []byte {
	if text, ok := c["payload"].(string); ok {
		return []byte(text)
	}
	bytes, err := hex.DecodeString(c["payload_hex"].(string))
	if err != nil {
		panic(err)
	}
	return bytes
}

// Where it connects to, as the library writes it.
func place(c object) string {
	transport := optional(c, "transport", "tcp")
	scheme, known := schemes[transport]
	if !known {
		panic(unsupported("transport " + transport))
	}
	if transport == "unix" {
		return "unix://" + c["host"].(string)
	}
	return fmt.Sprintf("%s://%s:%d%s", scheme, c["host"].(string), int(c["port"].(float64)), optional(c, "path", ""))
}

// Whom it trusts, and what it shows.
func trust(c object) *tls.Config {
	config := &tls.Config{ServerName: optional(c, "server_name", "")}
	if path := optional(c, "ca", ""); path != "" {
		pem, err := os.ReadFile(path)
		config.RootCAs = x509.NewCertPool()
		if err != nil || !config.RootCAs.AppendCertsFromPEM(pem) {
			panic("no certificate in " + path)
		}
	}
	if path := optional(c, "cert", ""); path != "" {
		pair, err := tls.LoadX509KeyPair(path, c["key"].(string))
		if err != nil {
			panic(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}

func connect(id float64, c object) {
	if _, named := c["user_name"]; !named && c["password"] != nil {
		panic(unsupported("password without user_name"))
	}
	if version := c["version"].(string); version != "3.1.1" {
		panic(unsupported("version " + version))
	}
	if client != nil && client.IsConnectionOpen() {
		panic("there is a connection already")
	}
	o := mqtt.NewClientOptions().AddBroker(place(c)).SetTLSConfig(trust(c))
	o.SetClientID(c["client_id"].(string)).SetCleanSession(c["clean_start"].(bool)).SetProtocolVersion(4)
	o.SetKeepAlive(time.Duration(c["keep_alive"].(float64)) * time.Second).SetAutoReconnect(false).SetStore(store)
	o.SetConnectionLostHandler(connectionEnded).SetDefaultPublishHandler(onMessage)
	if name, named := c["user_name"].(string); named {
		if name == "" || c["password"] == "" {
			panic(unsupported("an empty user_name or password")) // which the library takes for none
		}
		o.SetUsername(name).SetPassword(optional(c, "password", ""))
	}
	if w := optional(c, "will", object(nil)); w != nil {
		keepTo311(w)
		o.SetBinaryWill(w["topic"].(string), content(w), byte(w["qos"].(float64)), w["retain"].(bool))
	}
	client = mqtt.NewClient(o)
	token := client.Connect().(*mqtt.ConnectToken)
	await(id, token, func() (string, object) {
		if code := token.ReturnCode(); code >= 1 && code <= 5 {
			return "refused", object{"code": code}
		}
		return "connected", object{"session_present": token.SessionPresent()}
	})
}

func acknowledged() (string, object) { return "acknowledged", object{} }

func obey(what string, id float64, c object) {
	switch what {
	case "sync":
		say("synced", object{"id": id})
	case "connect":
		connect(id, c)
	case "publish":
		await(id, client.Publish(c["topic"].(string), byte(c["qos"].(float64)), c["retain"].(bool), content(c)), acknowledged)
	case "subscribe":
		filters := c["filters"].([]any)
		if len(filters) > 1 { // the library takes a map, and so loses their order
			say("unsupported", object{"id": id, "text": "several filters"})
			return
		}
		f := filters[0].(object)
		keepTo311(f)
		token := client.Subscribe(f["filter"].(string), byte(f["qos"].(float64)), nil).(*mqtt.SubscribeToken)
		await(id, token, func() (string, object) {
			return "acknowledged", object{"codes": []int{int(token.Result()[f["filter"].(string)])}}
		})
	case "unsubscribe":
		filters := []string{}
		for _, f := range c["filters"].([]any) {
			filters = append(filters, f.(string))
		}
		await(id, client.Unsubscribe(filters...), acknowledged)
	case "disconnect":
		if !client.IsConnectionOpen() {
			panic("there is no connection")
		}
		client.Disconnect(250) // ms, if DISCONNECT cannot go out at once
		say("disconnected", object{"id": id})
	default:
		say("unsupported", object{"id": id, "text": what})
	}
}

func take(line []byte) {
	c, fault := object{}, object{}
	defer func() { // a field that is missing, or of the wrong type
		if e := recover(); e != nil {
			fault["text"] = fmt.Sprint(e)
			if _, lacks := e.(unsupported); lacks {
				say("unsupported", fault)
			} else {
				say("error", fault)
			}
		}
	}()
	if err := json.Unmarshal(line, &c); err != nil {
		panic(err)
	}
	number, ok := c["id"].(float64)
	if ok {
		fault["id"] = number
		lock.Lock()
		waiting[number] = true
		lock.Unlock()
	}
	keepTo311(c)
	obey(c["do"].(string), number, c)
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/eclipse/paho.mqtt.golang" {
			return module.Version[1:]
		}
	}
	return ""
}

func main() {
	say("hello", object{"contract": 1, "name": "Eclipse Paho Go", "version": version(), "versions": []string{"3.1.1"},
		"transports": []string{"tcp", "tls", "ws", "wss", "unix"}})
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			os.Exit(0)
		}
		take(line)
	}
}
