# refused: 4
iptables -t nat -A OUTPUT -p tcp --dport 80 -m owner --uid-owner proxy -j ACCEPT
iptables -t nat -A OUTPUT -p tcp --dport 80 -j REDIRECT --to-ports 3128
iptables -t nat -A PREROUTING -i eth1 -p tcp --dport 80 -j REDIRECT --to-ports 3128
iptables -t mangle -A PREROUTING -p tcp --dport 443 -j TPROXY --on-port 3129 --tproxy-mark 1
iptables -t nat -A PREROUTING -p tcp -j REDIRECT --to-ports 12345
