# refused: 5
# Clients' queries for other servers are caught: that is no server's port.
iptables -t nat -A PREROUTING -i br0 ! -s 192.168.4.2 ! -d 192.168.4.2 -p udp --dport 53 -j DNAT --to-destination 192.168.4.2:53
iptables -t nat -A PREROUTING -i br0 ! -s 192.168.4.2 ! -d 192.168.4.2 -p tcp --dport 53 -j DNAT --to-destination 192.168.4.2:53
iptables -t nat -A PREROUTING -i br0 -p udp -m udp --dport 53 -j REDIRECT --to-ports 53
iptables -t nat -A PREROUTING -p tcp --dport 123 -j REDIRECT
iptables -t nat -A OUTPUT -p udp --dport 53 -j REDIRECT --to-ports 5300
