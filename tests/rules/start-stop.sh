# carried: 10:8010 12:8012 13:8013 14:8014 15:8015 16:8016
case "${1:-start}" in
start) iptables -t nat -A PREROUTING -p tcp --dport 10 -j REDIRECT --to-ports 8010 ;;
stop) iptables -t nat -D PREROUTING -p tcp --dport 10 -j REDIRECT --to-ports 8010 ;;
esac
"iptables" -t nat -A PREROUTING -p tcp --dport 12 -j REDIRECT --to-ports 8012
up() { iptables -t nat -A PREROUTING -p tcp --dport 13 -j REDIRECT --to-ports 8013; }
up
sudo -n iptables -t nat -A PREROUTING -p tcp --dport 14 -j REDIRECT --to-ports 8014 >/dev/null 2>&1
sudo -u root /usr/sbin/iptables -t nat -A PREROUTING -p tcp --dport 15 -j REDIRECT --to-ports 8015
echo iptables -t nat -A PREROUTING -p tcp --dport 1 -j REDIRECT --to-ports 8001
# iptables -t nat -A PREROUTING -p tcp --dport 2 -j REDIRECT --to-ports 8002
[ ! -d /proc ] || iptables -t nat -A PREROUTING -p tcp --dport 16 -j REDIRECT --to-ports 8016 &
wait
