#!/bin/bash
# Runs functions written in bash: launcher.sh FILE [NAME]
#
# FILE is sourced once. Each run is a forked subshell of this shell: NAME (main) gets the value as JSON in $1 and
# prints its result; stderr is the log. The launcher speaks ActionLoop: a line per request on stdin, a line per
# answer on descriptor 3. What a function may rely on stands in docs/stemcells.md.
#
# Everything is called __ow_… to stay out of the function's way. ${text%%…} and their like are for short texts
# only: their time grows with the square of the length. No file is written, so there are no
# here-documents and no <<<. A program is started only where the shell alone would be slower or wrong.

__ow_file=$1 __ow_main=${2:-main}
set --

# The pipes move to where neither the function nor a program that it starts will look for them.
exec 200>&3 3>&- 201<&0 </dev/null

# __ow_where is the last command of the function that failed: its status, its place, its text.
__ow_where=
trap '__ow_status=$?; [[ ${BASH_SOURCE[0]} == "$0" ]] || __ow_where="$__ow_status at ${BASH_SOURCE[0]##*/} line $LINENO: ${BASH_COMMAND%%$'"'\n'"'*}"' ERR
set -E

# exit is a function for the sake of __ow_where: the trap EXIT does not know the line.
exit() {
  local status=${1-$?}
  __ow_where="$status at ${BASH_SOURCE[1]##*/} line ${BASH_LINENO[0]}: exit${1+ $1}"
  builtin exit "$status"
}

# __ow_leave takes back what FILE did to the shell's options, IFS and LC_ALL, and puts into __ow_enter the commands
# that bring it back for a run. The shell itself works with the options __ow_plain, and in bytes.
__ow_leave() {
  __ow_enter=${IFS+IFS=${IFS@Q}}
  __ow_enter=${__ow_enter:-unset IFS}$'\n'
  if [[ -v LC_ALL ]]; then __ow_enter+="LC_ALL=${LC_ALL@Q}"; else __ow_enter+='unset LC_ALL'; fi

  local IFS=$'\n' i all
  all=$(__ow_options)
  eval "$__ow_plain" 2>/dev/null
  set -f
  local -a plain=($__ow_plain) now=($all)
  set +f
  for i in "${!now[@]}"; do
    [[ ${now[i]} == "${plain[i]}" ]] || __ow_enter+=$'\n'${now[i]}
  done
  # A subshell that sets one trap loses those that it inherited.
  __ow_enter+=$'\n'$(trap -p ERR)
  [[ $__ow_flags != *x* ]] || __ow_enter+=$'\nset -x'
  [[ $__ow_flags != *e* ]] || __ow_enter+=$'\nset -e'
}

# The order matters: shopt -u extdebug switches errtrace off.
__ow_options() { shopt -p; set +o; }

# __ow_read reads a request into __ow_line. The shell reads from a pipe byte by byte, which takes half a second for
# 1 MB; head takes what is there. It cannot take too much, for no request is sent before the last one is answered.
__ow_read() {
  IFS= builtin read -r -n 4096 -u 201 __ow_line || return
  (( ${#__ow_line} < 4096 )) || __ow_line+=$(head -n 1 <&201)
}

# __ow_split takes __ow_line apart: __ow_value, and the other members in __ow_names and __ow_texts. It looks at the
# text only, which is enough for nearly every request and leaves the value's bytes as they are; where it is not sure
# it lets jq do the work.
__ow_split() {
  __ow_names=() __ow_texts=()
  __ow_cut || __ow_ask_jq
}

__ow_cut() {
  local before=${__ow_line:0:4096} rest end after
  [[ $before == *'"value"'* ]] || return
  before=${before%%'"value"'*}
  rest=${__ow_line:${#before}+7}
  before=${before#"${before%%[![:space:]]*}"}
  before=${before%"${before##*[![:space:]]}"}
  [[ $before == '{' || $before == '{'*, ]] || return
  before=${before#\{}
  __ow_members ",${before%,}" || return

  rest=${rest#"${rest%%[![:space:]]*}"}
  [[ $rest == :* ]] || return
  rest=${rest#:}
  rest=${rest#"${rest%%[![:space:]]*}"}
  end=$rest
  (( ${#end} <= 2048 )) || end=${end: -2048}
  after=${end%"${end##*[![:space:]]}"}
  [[ $after == *\} ]] || return
  after=${after%\}}
  [[ $after == *[]\}]* ]] || return
  __ow_value=${rest:0:${#rest}-${#end}+${#after}}
  after=${after##*[]\}]}
  __ow_value=${__ow_value:0:${#__ow_value}-${#after}}
  __ow_members "$after" && __ow_is_one
}

# __ow_members reads ,"name":"text","name":number… as long as there is no backslash, brace or bracket in it.
__ow_members() {
  [[ $1 != *[{}[\\]* && $1 != *']'* ]] || return
  local IFS=\" i=0 name separator
  local -a parts
  set -f; parts=($1); set +f
  (( ${#parts[@]} > 1 )) || { [[ $1 != *[![:space:],]* ]]; return; }
  while (( i < ${#parts[@]} )); do
    [[ ${parts[i]//[[:space:]]/} == , || ( i+1 -eq ${#parts[@]} && -z ${parts[i]//[[:space:]]/} ) ]] || return
    (( i + 1 < ${#parts[@]} )) || return 0
    name=${parts[i+1]} separator=${parts[i+2]//[[:space:]]/}
    [[ $name != value && $separator == :* ]] || return
    if [[ $separator == : ]]; then
      separator=${parts[i+3]-}
      (( i += 4 ))
    else
      separator=${separator#:}
      parts[i+2]=${separator//[!,]/}
      separator=${separator%,}
      (( i += 2 ))
    fi
    [[ ! $name =~ ^[A-Za-z_0-9]+$ ]] || { __ow_names+=("__OW_${name^^}"); __ow_texts+=("$separator"); }
  done
}

# __ow_is_one tells whether __ow_value, which begins and ends as it should, is one value and not {…},"x":{…}.
__ow_is_one() {
  [[ ${__ow_value:0:1} == [\{[] && ${__ow_value: -1} == [\}\]] ]] || return
  local inner=${__ow_value:1:${#__ow_value}-2}
  [[ $inner == *[]\}]* ]] || return 0
  __ow_skeleton "$inner" || return
  inner=${__ow_bones//[[:alnum:]\".,:+-]/}
  while [[ $inner == *'{}'* || $inner == *'[]'* ]]; do
    inner=${inner//'{}'/}
    inner=${inner//'[]'/}
  done
  [[ -z $inner ]]
}

# __ow_skeleton puts a JSON text into __ow_bones, without blanks and with all strings empty: {"":1,"":[true]}
__ow_skeleton() {
  local text=$1 IFS=\" i
  (( ${#text} <= 16384 )) || return
  if [[ $text == *\\* ]]; then
    text=${text//\\[\\\"\/bfnrt]/}
    text=${text//\\u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]/}
    [[ $text != *\\* ]] || return
  fi
  local -a parts
  set -f; parts=($text); set +f
  [[ $text != *\" ]] || parts+=('')
  (( ${#parts[@]} % 2 )) || return
  __ow_bones=${parts[0]}
  for (( i = 2; i < ${#parts[@]}; i += 2 )); do __ow_bones+=\"\"${parts[i]}; done
  (( ${#__ow_bones} <= 1024 )) && [[ ! $__ow_bones =~ [[:alnum:].+-][[:space:]]+[[:alnum:].+-] ]] || return
  __ow_bones=${__ow_bones//[[:space:]]/}
}

# __ow_ask_jq gets the other members as commands, then the control character RS, then the value.
__ow_ask_jq() {
  local answer commands
  answer=$(builtin printf '%s\n' "$__ow_line" | jq -cr '
    (to_entries[] | select(.key != "value" and (.key | test("^[A-Za-z_0-9]+$")))
      | "__ow_names+=(__OW_\(.key | ascii_upcase)) __ow_texts+=(\(.value | if type == "string" then . else tojson end | @sh))"),
    "\u001e", (.value // {})') || return
  commands=${answer:0:65536}
  [[ $commands == *$'\036'* ]] || return
  commands=${commands%%$'\036'*}
  __ow_names=() __ow_texts=() __ow_value=${answer:${#commands}+2}
  eval "$commands"
}

# __ow_call is a run, in a subshell of its own. When it fails, __ow_where follows what was printed.
__ow_call() {
  exec 200>&- 201<&-
  local i
  for i in "${!__ow_names[@]}"; do builtin export "${__ow_names[i]}=${__ow_texts[i]}"; done
  unset i __ow_line
  builtin trap '(( $? == 0 )) || builtin printf "\036%s" "$__ow_where"' EXIT
  __ow_where=
  eval "$__ow_enter"
  "$__ow_main" "$__ow_value"
}

# __ow_run puts the answer to __ow_line into __ow_result.
__ow_run() {
  local status where
  if ! __ow_split; then
    __ow_fail "the request cannot be read; the log says more"
  elif ! declare -F -- "$__ow_main" >/dev/null; then
    __ow_fail "${__ow_file##*/} has no function $__ow_main"
  else
    __ow_result=$(__ow_call)
    status=$?
    where=${__ow_result: -2048}
    (( ${#__ow_result} > 2048 )) || where=$__ow_result
    if (( status )) && [[ $where == *$'\036'* ]]; then
      where=${where##*$'\036'}
      __ow_result=${__ow_result:0:${#__ow_result}-${#where}-1}
    else
      where=
    fi
    if (( status )) && [[ ! ${__ow_result:0:128} =~ ^[[:space:]]*\{[[:space:]]*\"error\" ]]; then
      __ow_fail_status "$status" "$where"
    else
      __ow_check
    fi
  fi
}

__ow_fail_status() {
  if [[ $2 == "$1 at "* ]]; then
    __ow_fail "$__ow_main ended with status $2"
  elif (( $1 > 128 )) && [[ -z $2 ]]; then
    __ow_fail "$__ow_main was ended by the signal $(kill -l "$1")"
  else
    __ow_fail "$__ow_main ended with status $1; the log says more"
  fi
}

# In a skeleton, __ow_flat matches an object or array with nothing but scalars in it.
__ow_scalar='(""|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?|true|false|null|\{\}|\[\])'
__ow_flat="\\{\"\":$__ow_scalar(,\"\":$__ow_scalar)*\\}|\\[$__ow_scalar(,$__ow_scalar)*\\]"

# __ow_is_json tells that __ow_result is an object or array. It is not sure of what is long or deep.
__ow_is_json() {
  (( ${#__ow_result} <= 16384 )) && [[ $__ow_result != *[[:cntrl:]]* ]] && __ow_skeleton "$__ow_result" || return
  local left=32
  while [[ $__ow_bones != '{}' && $__ow_bones != '[]' ]]; do
    (( left-- )) && [[ $__ow_bones =~ $__ow_flat ]] || return
    __ow_bones=${__ow_bones//"${BASH_REMATCH[0]}"/[]}
  done
}

# __ow_check makes one line of __ow_result, and an error where it is neither an object nor an array.
__ow_check() {
  local kind printed=$__ow_result
  while [[ $__ow_result == *$'\n' ]]; do __ow_result=${__ow_result:0:${#__ow_result}-1}; done
  if [[ $__ow_result == *[$'\n\r\t']* ]]; then
    if (( ${#__ow_result} < 65536 )); then
      __ow_result=${__ow_result//[$'\n\r\t']/ }
    else
      __ow_result=$(builtin printf '%s' "$__ow_result" | tr '\n\r\t' ' ')
    fi
  fi
  ! __ow_is_json || return 0
  kind=$(builtin printf '%s' "$__ow_result" | jq -r type 2>&1)
  case $kind in
    object | array) return ;;
    '') __ow_fail "$__ow_main printed nothing; it must print a JSON object or array"; return ;;
    string | number | boolean | null) kind="printed a $kind" ;;
    *error*) kind="printed what is not JSON" ;;
    *) kind="printed more than one value" ;;
  esac
  builtin printf '%s\n' "$printed" >&2
  __ow_fail "$__ow_main $kind; it must print a JSON object or array, and write to stderr what is meant for the log"
}

# __ow_fail makes an error of a text.
__ow_fail() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\t'/ }
  __ow_result="{\"error\":\"${text//[[:cntrl:]]/}\"}"
}

__ow_plain=$(__ow_options)
__ow_loading='builtin printf "%s\n" "${__ow_file##*/} could not be loaded: status ${__ow_where:-$?}" >&2; builtin exit 1'
trap "$__ow_loading" EXIT
source "$__ow_file" 200>&- 201<&-
{ __ow_status=$? __ow_flags=$-; set +ex; } 2>/dev/null
__ow_leave
LC_ALL=C
# A status is no mistake, the file may end with a test; then its grammar is.
if (( __ow_status )) && ! "$BASH" -n "$__ow_file" 2>/dev/null; then builtin exit 1; fi
[[ $(trap -p EXIT) != *"could not be loaded"* ]] || trap - EXIT

[[ -z ${__OW_WAIT_FOR_ACK-} ]] || builtin printf '{"ok":true}\n' >&200
while __ow_read; do
  __ow_run
  builtin printf '%s\n' "$__ow_result" >&200
done
builtin exit 0
