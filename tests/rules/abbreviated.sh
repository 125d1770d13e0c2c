# carried: 10.0.0.5:80:8080 993:1993 25:2525
# refused: 1
iptables -t nat -A PREROUTING -p tcp -d 10.0.0.5 --dport 80 -j DNAT --to 10.0.0.5:8080
iptables -t nat -A PREROUTING -p tcp --dport 993 -j DNAT --to :1993
iptables -t nat -A PREROUTING -p tcp --dport 25 -j REDIRECT --to 2525
iptables -t nat -A PREROUTING -p tcp --dport 110 -j DNAT --to-dest 10.0.0.6:1110
