#!/usr/bin/env bash
# Boots a kernel with a true cgroup v2 tree, PSI and an ext4 disk under QEMU (without KVM: half a
# minute), and runs the agent's own tests of real groups in it, on the sources as they are here.
#
#   agents/test/cgroup-v2-qemu.sh [TEST…]
#
# needs: qemu-system-x86 cpio busybox-static e2fsprogs (Debian), and npm ci
# ACCEL=kvm   where it works; without it the processor is emulated
# KERNEL=DIR  where a kernel package was unpacked; without it Debian's cloud kernel is downloaded
# Exit code: that of the tests in the guest, 3 when it did not get that far.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH="$PWD/node_modules/.bin:$PATH"

tests=("${@:-agents/test/real-group.test.ts}")
for tool in qemu-system-x86_64 cpio busybox mkfs.ext4; do
  command -v "$tool" >/dev/null || { echo "$tool: not installed; see the head of $0" >&2; exit 2; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

kernel=${KERNEL:-$work/kernel}
if [ ! -d "$kernel" ]; then
  echo "downloading a kernel" >&2
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[^ ]*\).*/\1/p' | head -1)
  (cd "$work" && apt-get -qq download "$package" && dpkg -x ./*.deb kernel)
fi
vmlinuz=$(find "$kernel/boot" -name 'vmlinuz-*' | head -1)

# Copies a program with the libraries that it is linked to.
with_libraries() {
  mkdir -p "$2$(dirname "$3")"
  cp -L "$1" "$2$3"
  ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$2$(dirname "$library")"
    cp -L "$library" "$2$library"
  done
}

# The disk: Node, the sources of the agent and the packages that they import.
disk=$work/disk
mkdir -p "$disk"/{bin,proc,sys,dev,tmp,run,repo}
node=$(node -p process.execPath)
with_libraries "$node" "$disk" /bin/node
with_libraries "$(command -v unshare)" "$disk" /bin/unshare
cp "$(command -v busybox)" "$disk/bin/"
for name in sh mount cat true ls ifconfig; do ln -s busybox "$disk/bin/$name"; done
cp -r agents package.json "$disk/repo/"
node --input-type=module - "$disk/repo" <<'JS'
import { cpSync, existsSync, globSync, readFileSync } from 'node:fs'
const wanted = globSync('agents/**/*.ts').flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/^(?:import|export) [^;]*?from '([^'.:][^':]*)'$/gm)].map(([, name]) => name),
)
const copied = new Set()
for (const name of wanted) {
  const from = `node_modules/${name}`
  if (copied.has(name) || !existsSync(from)) continue
  copied.add(name)
  cpSync(from, `${process.argv[2]}/${from}`, { recursive: true, dereference: true })
  const { dependencies = {} } = JSON.parse(readFileSync(`${from}/package.json`, 'utf8'))
  wanted.push(...Object.keys(dependencies))
}
JS
cat >"$disk/run/tests" <<SH
#!/bin/sh
cd /repo
export PATH=/bin
ifconfig lo 127.0.0.1 up
/bin/node --version
/bin/node --test --test-isolation=none --test-reporter=spec ${tests[*]}
echo "@@exit \$?"
SH
chmod +x "$disk/run/tests"
size=$(($(du -sm "$disk" | cut -f1) + 192))
mkfs.ext4 -q -d "$disk" "$work/disk.img" "${size}M"

# The first root: what it takes to find that disk.
root=$work/root
mkdir -p "$root"/{bin,proc,sys,dev,mnt,mods}
cp "$(command -v busybox)" "$root/bin/"
for name in sh mount mkdir insmod sleep poweroff chroot; do ln -s busybox "$root/bin/$name"; done
modules="virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk"
for module in $modules; do
  file=$(find "$kernel/lib/modules" -name "$module.ko" | head -1)
  [ -z "$file" ] || cp "$file" "$root/mods/"
done
cat >"$root/init" <<SH
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in $modules; do [ ! -f /mods/\$module.ko ] || insmod /mods/\$module.ko; done
for i in 1 2 3 4 5 6 7 8 9 10; do [ -b /dev/vda ] || sleep 1; done
mount -t ext4 /dev/vda /mnt
mount -t proc proc /mnt/proc
mount -t sysfs sys /mnt/sys
mount -t devtmpfs dev /mnt/dev
mount -t cgroup2 none /mnt/sys/fs/cgroup
chroot /mnt /bin/sh /run/tests
poweroff -f
SH
chmod +x "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/initrd.gz"

echo "booting $(basename "$vmlinuz")" >&2
timeout "${TIMEOUT:-900}" qemu-system-x86_64 -accel "${ACCEL:-tcg,thread=multi}" -smp 2 -m 2048 \
  -nographic -no-reboot -net none -kernel "$vmlinuz" -initrd "$work/initrd.gz" \
  -append "console=ttyS0 quiet psi=1 panic=1" \
  -drive "file=$work/disk.img,format=raw,if=virtio" </dev/null | sed -u 's,\r,,g' | tee "$work/log"
code=$(sed -n 's/^@@exit \([0-9]*\)$/\1/p' "$work/log")
exit "${code:-3}"
