# carried: 443:30443 127.0.0.1:8001:6443
# The cluster's dashboard on a node's port.
if ! iptables -w -t nat -C PREROUTING -p tcp --dport 443 -m addrtype --dst-type LOCAL -j DNAT --to-destination :30443 2>/dev/null; then
	sudo iptables -w 5 -t nat -A PREROUTING -p tcp --dport 443 \
	    -m addrtype --dst-type LOCAL -j DNAT --to-destination :30443 || exit 1
fi
iptables --table=nat --append OUTPUT --out-interface lo -p tcp --dport=8001 -j REDIRECT --to-ports=6443 # here alone
