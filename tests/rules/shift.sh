# carried: 990-995:8990-8995 8000:9000
iptables -t nat -A PREROUTING -p tcp --dport 990:995 -j DNAT --to-destination 127.0.0.1:8990-8995/990
iptables -t nat -A PREROUTING -p tcp --dport 8000 -j REDIRECT --to-ports 9000
