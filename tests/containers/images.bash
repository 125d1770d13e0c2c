# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: ISC
#
# For tests/check-containers: builds the images of packaging/container/ with the
# daemon of runtimes.bash, and runs them.  There is no network: what they are
# built from is made of packages installed here.

# list_files PACKAGE...: of them and of what they depend on, without the leading
# slash, and not by way of the links that Debian 12 has to /usr.
list_files() {
	local packages

	packages=$(apt-cache depends --recurse --no-recommends --no-suggests \
	    --no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
		grep '^[a-z]' | sort -u)
	# shellcheck disable=SC2086
	packages=$(dpkg-query -W -f '${db:Status-Status} ${binary:Package}\n' \
	    $packages 2>/dev/null | sed -n 's/^installed //p')
	{
		# shellcheck disable=SC2086
		dpkg-query -L $packages
		find /usr/bin /etc/alternatives -type l
		echo /var/lib/dpkg/status
	} | sed -nE 's,^/(bin|sbin|lib|lib64)/,/usr/\1/,
		\,^/usr/share/(doc|man|locale)/,d
		\,^/(\.|bin|sbin|lib|lib64)$,d
		s,^/+,,p' | sort -u
}

# import_packages NAME PACKAGE...: an image of these, that is without what their
# scripts would do.
import_packages() {
	local name=$1 links=$lab/links.$1

	shift
	mkdir -p "$links"
	ln -sf usr/bin usr/sbin usr/lib usr/lib64 "$links/"
	list_files base-files coreutils dash dpkg "$@" >"$lab/files"
	tar -cf - -C "$links" . --no-recursion --ignore-failed-read \
	    -C / -T "$lab/files" 2>"$lab/tar.log" | docker import - "$name"
}

# With DOCKER_BUILDKIT=0 Docker builds without BuildKit.
builders=("the classic builder" BuildKit)
export DOCKER_BUILDKIT=1

# build_image NAME FILE CONTEXT
build_image() {
	docker build --quiet --network none -t "$1" \
	    -f "packaging/container/$2" "$3"
}

# The base has the packages that the Dockerfile asks for, so that apt-get finds
# nothing to do.
build_lowport() {
	import_packages debian:12 apt gcc libc6-dev libcap-dev libcap2-bin \
	    libseccomp-dev make tar &&
		build_image lowport Dockerfile .
}

build_static() {
	mkdir -p "$lab/context"
	cp "$build/hello" "$lab/context/server"
	build_image static static.Dockerfile "$lab/context"
}

# As the image of that name is: all in a directory, which is in the path.
build_tomcat() {
	local home=$lab/tomcat debian=/usr/share/$tomcat

	mkdir -p "$home/webapps/ROOT"
	echo hello >"$home/webapps/ROOT/index.html"
	ln -s "$debian/bin" "$debian/lib" "$home/"
	cp -R "$debian/etc" "$home/conf"
	cat >"$home/Dockerfile" <<-END
		FROM tomcat-packages
		ENV CATALINA_HOME=/usr/local/tomcat
		ENV PATH=/usr/local/tomcat/bin:/usr/local/bin:/usr/bin
		COPY . /usr/local/tomcat
		WORKDIR /usr/local/tomcat
		RUN mkdir -m 1777 logs temp work
	END
	import_packages tomcat-packages sed default-jre-headless "$tomcat" &&
		docker build --quiet --network none -t tomcat:10 "$home" &&
		build_image tomcat tomcat.Dockerfile .
}

# The same by another builder: the copy's capability must let a user have 443.
build_by_podman() {
	docker save lowport | "${podman[@]}" load &&
		"${podman[@]}" build --isolation chroot -t static \
		    -f packaging/container/static.Dockerfile "$lab/context"
}

check_podman_image() {
	local wrong

	is_ready podman image || return 0
	# shellcheck disable=SC2086
	if wrong=$(build_by_podman 2>&1) &&
	    wrong=$($bounded "${podman[@]}" run --rm $modest --network none \
		--entrypoint '["lowport", "--check", "-p", "443:8443"]' \
		static 2>&1) &&
	    [[ $wrong == *"ok       policy       443:8443: permitted by"* ]]; then
		report ok "podman image static: built, and may have 443"
	else
		report "not ok" "podman image static: $wrong"
	fi
}

says_hello() {
	[[ $("${inside[@]}" curl -ks --max-time 5 "$1") == hello* ]]
}

# look_at NAME PORT URL: what is wrong with the container of this name, where the
# server is to be on this port alone.
look_at() {
	local process listeners
	local -a inside

	process=$(docker inspect -f '{{.State.Pid}}' "$1")
	inside=(nsenter "--net=/proc/$process/ns/net")
	wait_for says_hello "$3" || echo "no hello from $3"
	listeners=$("${inside[@]}" ss -Hltn | grep -oE ':(80|443|8080|8443) ')
	[ "$listeners" = ":$2 " ] || echo "listens on $listeners"
	# As a HEALTHCHECK might, by mistake.
	[[ $(docker exec "$1" lowport --check -p "$2:8443" 2>&1) == \
	    *", the server of lowport (process 1); to see that its server is"* ]] ||
		echo "a second lowport does not say what checks the health"
	for process in $(docker top "$1" -o pid | tail -n +2); do
		grep -HE '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs):' \
		    "/proc/$process/status" |
			grep -vE ':(Cap.*:.0{16}|NoNewPrivs:.1)$' || :
	done
}

# run_image NAME ARGUMENT...: as its own user, with as little as it takes.
run_image() {
	docker run --detach --name "$1" --network none --cap-drop=ALL \
	    --cap-add=NET_BIND_SERVICE \
	    --sysctl net.ipv4.ip_unprivileged_port_start=1024 \
	    -v "$lab/tls:/tls:ro" -w /tls "$@"
}

# check_image NAME NEEDED PORT URL ARGUMENT...: builds it, where the needed file
# is here, and looks at what it does.
check_image() {
	local name=$1 needed=$2 port=$3 url=$4 wrong

	shift 4
	here "$needed" || {
		skip "image $name"
		return
	}
	if ! wrong=$("build_$name" 2>&1 && run_image "$name" "$@" 2>&1); then
		report "not ok" "image $name: $(tail -n 3 <<<"$wrong")"
		return
	fi
	wrong=$(look_at "$name" "$port" "$url" 2>&1)
	docker stop -t 50 "$name" >/dev/null
	[ "$(docker inspect -f '{{.State.ExitCode}}' "$name")" = 143 ] ||
		wrong+="not ended by SIGTERM"
	if [ -z "$wrong" ]; then
		report ok "image $name: built by ${builders[DOCKER_BUILDKIT]}," \
		    "and serves on $port"
	else
		report "not ok" "image $name: $wrong"
		docker logs "$name" 2>&1 | tail -n 15 | sed 's/^/    /'
	fi
	docker rm "$name" >/dev/null
}

make_certificate() {
	mkdir "$lab/tls"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -subj /CN=server.test -days 2 -keyout "$lab/tls/key.pem" \
	    -out "$lab/tls/cert.pem" 2>/dev/null
	chmod 644 "$lab/tls/key.pem"
}

# check_static: by each builder, and serves.
check_static() {
	local wrong DOCKER_BUILDKIT

	export DOCKER_BUILDKIT
	for DOCKER_BUILDKIT in "${!builders[@]}"; do
		if wrong=$(build_lowport 2>&1); then
			report ok "image lowport: built by" \
			    "${builders[DOCKER_BUILDKIT]}"
			check_image static "$build/hello" 443 \
			    https://127.0.0.1/ :8443
		else
			report "not ok" "image lowport: built by" \
			    "${builders[DOCKER_BUILDKIT]}: $wrong"
		fi
	done
}

check_images() {
	local tomcat=tomcat10 bounded="timeout --signal=KILL 600"

	is_ready docker image || return 0
	[ -e /usr/share/$tomcat ] || tomcat=tomcat11
	make_certificate
	check_static
	check_podman_image
	check_image tomcat "/usr/share/$tomcat/bin/catalina.sh" 80 \
	    http://127.0.0.1/
}
