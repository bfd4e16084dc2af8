# shellcheck shell=bash disable=SC2154 # state is that of ci/services
# Programs of linux/arm64 on a machine of another kind, which steps of images (run:)
# need. Linux runs them with QEMU when that is registered with binfmt_misc
# (Documentation/admin-guide/binfmt-misc.rst). What somebody else registered is left
# as it is, and only what was registered here is taken away. Sourced by ci/services,
# whose functions and $state it uses.

binfmt=/proc/sys/fs/binfmt_misc
emulator=mkimage-aarch64 # the name of what is registered here
emulation_is_new=""

# emulation_works reports whether programs of arm64 run, in containers too: natively,
# or with an emulator that is opened when it is registered (flag F), for a container
# does not have it.
emulation_works() {
  local entry
  case $(uname -m) in aarch64 | arm64) return ;; esac
  [ "$(cat "$binfmt/status" 2>/dev/null)" = enabled ] || return 1
  for entry in "$binfmt"/*; do
    case $(cat "$entry" 2>/dev/null) in
    # 64 bits, little-endian, of any system; an executable of machine 183.
    enabled*"flags: "*F*"magic 7f454c460201"*"0200b7"*) return ;;
    esac
  done
  return 1
}

# start_emulation registers QEMU where nothing runs these programs yet.
start_emulation() {
  emulation_works && return
  local qemu
  if [ "$(id -u)" != 0 ] || ! qemu=$(command -v qemu-aarch64-static); then
    say "no emulation of linux/arm64: only root with qemu-aarch64-static can register it"
    return 0
  fi
  [ -d "$binfmt" ] || modprobe binfmt_misc 2>/dev/null || true
  [ -e "$binfmt/register" ] || mount -t binfmt_misc binfmt_misc "$binfmt" 2>/dev/null || {
    say "no emulation of linux/arm64: this kernel has no binfmt_misc, or it may not be mounted here"
    return 0
  }
  local magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
  local mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
  if [ "$(cat "$binfmt/status")" != enabled ]; then
    say "no emulation of linux/arm64: emulators are switched off in $binfmt/status"
    return 0
  fi
  if ! printf '%s' ":$emulator:M::$magic:$mask:$qemu:F" 2>/dev/null >"$binfmt/register"; then
    say "no emulation of linux/arm64: $qemu cannot be registered in $binfmt"
    return 0
  fi
  : >"$state/emulator.registered"
  emulation_is_new=1
}

# stop_emulation leaves binfmt_misc mounted, as distributions have it.
stop_emulation() {
  [ -e "$state/emulator.registered" ] && [ -e "$binfmt/$emulator" ] || return 0
  echo -1 >"$binfmt/$emulator"
  say "emulation of linux/arm64 ended"
}

# await_emulation waits for a builder that was there before QEMU was registered: it
# looks every 20 s what its machine can run.
await_emulation() {
  local tries=30
  [ -n "$emulation_is_new" ] && builder_address >/dev/null || return 0
  until [[ $(builder_platforms) == *linux/arm64* ]] || [ $((tries -= 1)) = 0 ]; do sleep 1; done
}
