# carried: 443:8443
sysctl -w net.ipv4.conf.all.route_localnet=1
iptables -t nat -A PREROUTING -p tcp --dport 443 -j DNAT --to-destination 127.0.0.1:8443
ip6tables -t nat -A PREROUTING -p tcp --dport 443 -j DNAT --to-destination [::1]:8443
