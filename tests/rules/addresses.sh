# carried: 192.0.2.7:443:8443 192.0.2.8:443:8443 [2001:db8::7]:443:8443
iptables -t nat -A PREROUTING -d 192.0.2.7,192.0.2.8 -p tcp --dport 443 -j REDIRECT --to-ports 8443
ip6tables -t nat -A PREROUTING -d 2001:db8::7/128 -p tcp --dport 443 -j REDIRECT --to-ports 8443
