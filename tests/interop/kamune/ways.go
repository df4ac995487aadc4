package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"time"

	"github.com/kamune-org/kamune"
	"github.com/kamune-org/kamune/pkg/relayconn"
	"github.com/xtaci/kcp-go/v5"
)

// way is how the two sides reach each other.
type way struct {
	over     string
	address  string
	token    string
	password string
}

// ways names what a way may go over.
const ways = "tcp, udp, relay-tcp or relay-ws"

// listener gives connections. Over a relay it gives one.
type listener interface {
	Accept() (kamune.Conn, error)
	Close() error
}

// listen also tells where it listens.
func (w *way) listen() (listener, happened, error) {
	switch w.over {
	case "tcp":
		l, err := net.Listen("tcp", w.address)
		if err != nil {
			return nil, happened{}, err
		}
		return stream{l}, happened{Event: "listening", Address: l.Addr().String()}, nil
	case "udp":
		l, err := kcp.Listen(w.address)
		if err != nil {
			return nil, happened{}, err
		}
		return stream{l}, happened{Event: "listening", Address: l.Addr().String()}, nil
	case "relay-tcp", "relay-ws":
		options := w.options()
		if w.token != "" {
			token, err := hex.DecodeString(w.token)
			if err != nil {
				return nil, happened{}, err
			}
			options = append(options, relayconn.WithToken(token))
		}
		create := relayconn.ListenRelayTCP
		if w.over == "relay-ws" {
			create = relayconn.ListenRelay
		}
		made, err := create(context.Background(), w.address, options...)
		if err != nil {
			return nil, happened{}, err
		}
		told := happened{Event: "listening", Address: w.address, Token: hex.EncodeToString(made.Token)}
		told.Seconds = uint64(made.TTL / time.Second)
		return made.Listener, told, nil
	}
	return nil, happened{}, fmt.Errorf("--over is %s", ways)
}

// dial makes a connection.
func (w *way) dial() (kamune.Conn, error) {
	switch w.over {
	case "tcp":
		c, err := net.DialTimeout("tcp", w.address, 10*time.Second)
		if err != nil {
			return nil, err
		}
		return kamune.NewConn(c), nil
	case "udp":
		c, err := kcp.Dial(w.address)
		if err != nil {
			return nil, err
		}
		return kamune.NewConn(c), nil
	case "relay-tcp", "relay-ws":
		token, err := hex.DecodeString(w.token)
		if err != nil {
			return nil, err
		}
		join := relayconn.DialRelayTCP
		if w.over == "relay-ws" {
			join = relayconn.DialRelay
		}
		return join(context.Background(), w.address, token, w.options()...)
	}
	return nil, fmt.Errorf("--over is %s", ways)
}

func (w *way) options() []relayconn.Option {
	if w.password == "" {
		return nil
	}
	return []relayconn.Option{relayconn.WithPassword(w.password)}
}

// stream makes connections of byte streams.
type stream struct{ net.Listener }

func (s stream) Accept() (kamune.Conn, error) {
	c, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return kamune.NewConn(c), nil
}
