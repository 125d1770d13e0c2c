# SPDX-License-Identifier: ISC
#
# Sourced by tests/check-kernels: makes what machines are booted with, each once,
# below $cache, with $lab for what is thrown away.
#
#   TREE.tar, TREE.img     of a release of Debian, and as a file system
#   cross-TREE.tar         of this host's architecture, to build for another
#   TREE.built/, .img      the sources, built in one of these, as a file system too
#   linux-NAME/            vmlinuz, initrd, and lib/modules, of machine NAME
#   go/                    the Go standard library, compiled
#
# All of it can be removed by the owner of build/.

# What the tests take, and what builds them.  One with other packages is made
# again.
packages=apparmor,bats,busybox-static,check,curl,gcc,iproute2,iptables,kmod
packages+=,libc6-dev,libcap-dev,libcap2-bin,libseccomp-dev,make,netbase
packages+=,nftables,nginx-light,openssl,pkg-config,procps,python3,strace
packages+=,uidmap,util-linux
# To be made, the policy takes this host's processor.
native=,policycoreutils,selinux-policy-default

# The differences by architecture.
declare -A gnu=([amd64]=x86_64 [arm64]=aarch64)
declare -A qemu_package=([amd64]=qemu-system-x86 [arm64]=qemu-system-arm)
declare -A board=([amd64]=pc [arm64]=virt)
# Emulated, Arm's own way to sign pointers takes most of the time.
declare -A processor=([amd64]=max [arm64]="max,pauth-impdef=on")
declare -A console=([amd64]=ttyS0 [arm64]=ttyAMA0)

# is_native ARCH: this host runs its programs.
is_native() {
	[ "$1" = "$(dpkg --print-architecture)" ]
}

# own FILE...: they are whose build/ is.
own() {
	chown -R --reference "$build" "$@"
}

# logged COMMAND...: its output is printed if it fails.
logged() {
	"$@" >"$lab/log" 2>&1 || {
		tail -n 20 "$lab/log" | sed 's/^/    /'
		return 1
	}
}

# unpack TREE: to $lab/TREE, if it is not there.
unpack() {
	[ ! -e "$lab/$1" ] || return 0
	mkdir "$lab/$1"
	tar -xf "$cache/$1.tar" -C "$lab/$1"
}

# unpack_packages TREE: of another architecture, from where debootstrap has put
# them.  Their scripts would run for half an hour in emulation, so what they do
# that tests take is done here.
unpack_packages() {
	local package name

	# In a container, debootstrap makes links of these.
	rm -rf "$1/debootstrap" "$1/proc"
	mkdir "$1/proc"
	for package in "$1"/var/cache/apt/archives/*.deb; do
		dpkg-deb -x "$package" "$1"
	done
	for name in passwd group; do
		cp "$1/usr/share/base-passwd/$name.master" "$1/etc/$name"
	done
	ln -sf mawk "$1/usr/bin/awk"
	ln -sf gcc "$1/usr/bin/cc"
	ln -sf which.debianutils "$1/usr/bin/which"
	for name in iptables ip6tables; do
		ln -sf xtables-nft-multi "$1/usr/sbin/$name"
	done
}

# make_image FOLDER FILE SIZE: the folder as a file system.
make_image() {
	truncate -s "$3" "$2"
	logged mke2fs -q -F -t ext4 -O ^has_journal -d "$1" "$2" || {
		rm -f "$2"
		return 1
	}
}

# label TREE: each file of it, as SELinux's policy has that.
label() {
	mount -t proc proc "$1/proc"
	chroot "$1" setfiles -F /etc/selinux/default/contexts/files/file_contexts /
	umount "$1/proc"
}

# make_tree ARCH SUITE
make_tree() {
	local tar=$cache/$2-$1 new=$lab/$2-$1 options=("--arch=$1")
	local packages=$packages

	! is_native "$1" || packages+=$native
	if [ -e "$tar.img" ] && [ "$(cat "$tar.packages" 2>/dev/null)" = "$packages" ]
	then
		return
	fi
	echo "Making a tree of $2 ($1) with debootstrap: ${packages//,/ }"
	rm -rf "$new" "$tar".*
	is_native "$1" || options+=(--foreign)
	logged tests/make-tree "$2" "$new" "$lab/debs" "${options[@]}" \
	    --include="$packages" || return
	is_native "$1" || unpack_packages "$new"
	rm -rf "$new"/var/cache/apt/* "$new"/var/lib/apt/lists/*
	mkdir -p "$new/lowport" "$new/machine" "$new/usr/lib/modules"
	: >"$new/etc/fstab"
	printf '127.0.0.1 localhost machine\n::1 localhost\n' >"$new/etc/hosts"
	tar -cf "$tar.tar" -C "$new" .
	! is_native "$1" || logged label "$new" || return
	make_image "$new" "$tar.img" 2G || return
	echo "$packages" >"$tar.packages"
	own "$tar".*
}

# make_cross ARCH SUITE: a tree of this host's architecture, with compiler and
# libraries of that one.
make_cross() {
	local name=cross-$2-$1 libraries="libc6-dev libcap-dev libseccomp-dev check"
	local new=$lab/$name compiler=gcc-${gnu[$1]}-linux-gnu

	[ ! -e "$cache/$name.tar" ] || return 0
	echo "Making a tree of $2 that builds for $1"
	logged tests/make-tree "$2" "$new" "$lab/debs" \
	    --include=gcc,libc6-dev,libseccomp-dev,make,pkg-config || return
	cp tests/require "$new/"
	# shellcheck disable=SC2086
	logged chroot "$new" /require "${compiler//_/-}" \
	    ${libraries// /:$1 }":$1" || return
	rm -rf "$new"/var/cache/apt/* "$new"/var/lib/apt/lists/*
	mkdir "$new/lowport"
	tar -cf "$cache/$name.tar.new" -C "$new" .
	mv "$cache/$name.tar.new" "$cache/$name.tar"
	own "$cache/$name.tar"
}

# build_in ARCH SUITE: again only what has changed.  The static Go server is built
# by this host.
build_in() {
	local name=$2-$1 built=$cache/$2-$1.built tree=$lab/$2-$1
	local triplet=${gnu[$1]}-linux-gnu cross=()

	[ ! -e "$lab/built-$name" ] || return 0
	if ! is_native "$1"; then
		make_cross "$1" "$2" || return
		tree=$lab/cross-$name
		cross=("CC=$triplet-gcc" "STRIP=$triplet-strip" "ARCH=${gnu[$1]}")
	fi
	echo "Building in the tree of $2 ($1)"
	unpack "${tree##*/}"
	mkdir -p "$built"
	(cd "$built" && rm -rf .ci .github packaging src tests)
	cp -Rp .ci .github packaging src tests COPYING Makefile README.md "$built/"
	mount --bind "$built" "$tree/lowport"
	mount --rbind /dev "$tree/dev"
	mount -t proc proc "$tree/proc"
	logged env -i PATH="$PATH" LC_ALL=C.UTF-8 DEPS=no \
	    PKG_CONFIG_LIBDIR="/usr/lib/$triplet/pkgconfig" chroot "$tree" \
	    make -s -C /lowport -j"$(nproc)" "${cross[@]}" tests || return
	if is_native "$1" && [[ " ${jobs[*]} " == *" selinux "* ]]; then
		logged chroot "$tree" semodule -n \
		    -i /lowport/tests/kernels/selinux.cil || return
		cp "$tree"/etc/selinux/default/policy/policy.* "$built/build/policy"
	fi
	umount -R "$tree/lowport" "$tree/dev" "$tree/proc"
	logged env GOCACHE="$cache/go" GO111MODULE=off CGO_ENABLED=0 GOARCH="$1" \
	    go build -o "$built/build/hello" tests/servers/hello.go || return
	# Over 9p, each sandbox would take a minute to copy it.
	make_image "$built" "$built.img" 1G || return
	own "$built" "$built.img"
	: >"$lab/built-$name"
}

# kernel_apt ARCH RELEASE COMMAND...: apt-get or apt-cache, which knows that release
# alone, and nothing of this host.
kernel_apt() {
	local apt=$lab/apt-$1-$2 arch=$1 release=$2 command=$3 part=debian

	shift 3
	[[ $release != *-security ]] || part=debian-security
	if [ ! -e "$apt" ]; then
		mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
		: >"$apt/status"
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		    "$mirror/$part $release main" >"$apt/sources"
	fi
	"$command" -q -o Dir::Etc::SourceList="$apt/sources" \
	    -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$apt/lists" \
	    -o Dir::State::Status="$apt/status" -o Dir::Cache="$apt/cache" \
	    -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false \
	    -o APT::Architecture="$arch" -o APT::Architectures::="$arch" \
	    -o APT::Sandbox::User=root "$@"
}

# make_kernel NAME ARCH RELEASE
make_kernel() {
	local linux=$cache/linux-$1 new=$lab/linux-$1 list version package

	[ ! -e "$linux/version" ] || return 0
	echo "Fetching the kernel of $3 ($2)"
	mkdir "$new"
	logged kernel_apt "$2" "$3" apt-get update || return
	list=$(kernel_apt "$2" "$3" apt-cache depends --recurse -i \
	    "linux-image-$2" | grep '^linux-[a-z]*-[0-9]')
	# shellcheck disable=SC2086
	(cd "$new" && logged kernel_apt "$2" "$3" apt-get download $list) || return
	for package in "$new"/*.deb; do
		dpkg-deb -x "$package" "$new/files"
	done
	# By packages, below /lib or /usr/lib.
	mkdir -p "$new/made/lib"
	cp -Rl "$new"/files/{usr/,}lib/modules "$new/made/lib/" 2>/dev/null || :
	version=$(cd "$new/made/lib/modules" && echo [0-9]*)
	cp "$new/files/boot/vmlinuz-$version" "$new/made/vmlinuz" 2>/dev/null ||
		cp "$new/made/lib/modules/$version/vmlinuz" "$new/made/" || return
	# Of the drivers, these machines have few.
	find "$new/made/lib/modules/$version/kernel/drivers" -name '*.ko*' \
	    ! -path '*virtio*' ! -path '*/char/hw_random/*' \
	    ! -regex '.*/drivers/net/[^/]*' -delete
	logged depmod -b "$new/made" "$version"
	echo "$version" >"$new/made/version"
	rm -rf "$linux"
	mv "$new/made" "$linux"
	rm -rf "$new"
	own "$linux"
}

# make_initrd NAME TREE: busybox of the tree, and the modules that
# tests/kernels/init loads.
make_initrd() {
	local linux=$cache/linux-$1 root=$lab/initrd-$1 file kind module name

	unpack "$2"
	mkdir -p "$root"/{bin,dev,modules,proc,root,sys}
	cp "$lab/$2/bin/busybox" "$root/bin/"
	ln -s busybox "$root/bin/sh"
	cp "$kernels/init" "$root/"
	for module in virtio_pci virtio_blk ext4 crc32c_generic 9pnet_virtio 9p \
	    virtio_rng; do
		modprobe -d "$linux" -S "$(cat "$linux/version")" \
		    --show-depends "$module" 2>/dev/null || :
	done | while read -r kind file _; do
		[ "$kind" = insmod ] || continue
		name=${file##*/}
		name=${name%.ko*}.ko
		[ ! -e "$root/modules/$name" ] || continue
		case $file in
		*.xz) xz -dc "$file" ;;
		*.zst) zstd -dcq "$file" ;;
		*) cat "$file" ;;
		esac >"$root/modules/$name"
		echo "$name" >>"$root/modules/order"
	done
	(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) |
		gzip -1 >"$linux/initrd"
}

# emulator NAME ARCH TREE BOOT LOG: sets it.
emulator() {
	local share="-fsdev local,security_model=none"
	local drive="format=raw,if=virtio,snapshot=on,cache=unsafe"

	# shellcheck disable=SC2054,SC2206
	emulator=("qemu-system-${gnu[$2]}" -M "${board[$2]}" -cpu "${processor[$2]}"
	    -accel "tcg,thread=multi,tb-size=256"
	    -smp 2 -m 1536 -nodefaults -no-user-config -nic none -no-reboot
	    -display none -serial "file:$5/console" -device virtio-rng-pci
	    -drive "file=$cache/$3-$2.img,$drive"
	    -drive "file=$cache/$3-$2.built.img,$drive"
	    $share,id=machine,path="$5"
	    -device virtio-9p-pci,fsdev=machine,mount_tag=machine
	    $share,id=modules,path="$cache/linux-$1/lib/modules",readonly=on
	    -device virtio-9p-pci,fsdev=modules,mount_tag=modules
	    -kernel "$cache/linux-$1/vmlinuz" -initrd "$cache/linux-$1/initrd"
	    -append "console=${console[$2]} quiet loglevel=4 panic=-1 $4")
}
