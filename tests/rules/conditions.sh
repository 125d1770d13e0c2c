# carried: 80:8080
# refused: 8
iptables -t nat -A PREROUTING -p tcp -s 0.0.0.0/0 -m conntrack --ctstate NEW -m tcp --dport 80 --syn -j REDIRECT --to-ports 8080
iptables -t nat -A PREROUTING -p tcp --dport 81 -m mac --mac-source 00:11:22:33:44:55 -j REDIRECT --to-ports 8081
iptables -t nat -A PREROUTING -p tcp --dport 82 -m iprange --src-range 10.0.0.1-10.0.0.9 -j REDIRECT --to-ports 8082
iptables -t nat -A PREROUTING -p tcp --dport 83 -m limit --limit 5/sec -j REDIRECT --to-ports 8083
iptables -t nat -A PREROUTING -p tcp --dport 84 -m mark --mark 4 -j REDIRECT --to-ports 8084
iptables -t nat -A PREROUTING -p tcp --dport 85 -j REDIRECT --to-ports 8085-8089
iptables -t nat -A PREROUTING -p tcp --dport 86 --sport 1024: -j REDIRECT --to-ports 8086
iptables -t nat -A PREROUTING -p tcp -m multiport --ports 87 -j REDIRECT --to-ports 8087
iptables -t nat -A PREROUTING -p tcp --dport 88 -m time --timestart 08:00 --timestop 18:00 -j REDIRECT --to-ports 8088
