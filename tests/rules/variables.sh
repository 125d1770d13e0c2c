# carried: 80:8080
# refused: 3
IPT=/sbin/iptables
PORT=8443
$IPT -t nat -A PREROUTING -p tcp --dport 443 -j REDIRECT --to-ports 8443
iptables -t nat -A PREROUTING -p tcp --dport 443 -j REDIRECT --to-ports $PORT
for p in 21 25; do iptables -t nat -A PREROUTING -p tcp --dport "$p" -j REDIRECT --to-ports "2$p"; done
iptables -A INPUT -s $LAN -j ACCEPT
iptables -t nat -A PREROUTING -p tcp --dport 80 -m comment --comment 'not $this' -j REDIRECT --to-ports 8080; echo done
