# carried: 443:8443
# refused: 1
/sbin/iptables -t nat -I PREROUTING 1 -p tcp --destination-port 443 -j REDIRECT --to-ports 8443 2>/dev/null
/sbin/iptables -t nat -A PREROUTING -p tcp --dport 8447 --jump REDIRECT --to-ports 443
