#!/bin/bash
# Runs functions written in bash: launcher.sh FILE [NAME]
#
# FILE is sourced once. Each run is a forked subshell of this shell: NAME (main) gets the value as JSON in $1 and
# prints its result; stderr is the log. The launcher speaks the native protocol on stdin and descriptor 3: version 2
# where the proxy does, which lets a run stream, be cancelled, and overlap with others; else ActionLoop. What a function
# may rely on stands in docs/stemcells.md.
#
# FILE may give its functions the names of commands, and make its variables readonly. So builtins are called through
# "builtin", programs by their paths, and every variable is called __ow_…, local ones too ("builtin local" splits what
# is not quoted). No message about a request holds text of it, for it brings the API key. ${text%%…} and their like
# are for short texts only: their time grows with the square of the length. No file is written, so there are no
# here-documents and no <<<. A program is started only where the shell alone would be slower or wrong.

__ow_file=$1 __ow_main=${2:-main}
builtin set --

# FILE may change PATH.
builtin hash jq head tr cat sleep 2>/dev/null
__ow_jq=${BASH_CMDS[jq]-jq} __ow_head=${BASH_CMDS[head]-head} __ow_tr=${BASH_CMDS[tr]-tr}
__ow_cat=${BASH_CMDS[cat]-cat} __ow_sleep=${BASH_CMDS[sleep]-sleep}

# __ow_id is that of the run in version 2. XCPU cancels a run; programs have no other use for it. URG tells the job of
# it first: one that does not listen yet ignores it.
__ow_id= __ow_concurrency=1 __ow_cancelled=XCPU __ow_notice=URG __ow_noticed=

# The pipes move to where neither the function nor a program that it starts will look for them.
exec 200>&3 3>&- 201<&0 </dev/null

# __ow_where is the last command of the function that failed: its status, its place, its text.
__ow_where=
builtin trap '__ow_status=$?; [[ ${BASH_SOURCE[0]} == "$0" ]] || __ow_where="$__ow_status at ${BASH_SOURCE[0]##*/} line $LINENO: ${BASH_COMMAND%%$'"'\n'"'*}"' ERR
builtin set -E

# exit is a function for the sake of __ow_where: the trap EXIT does not know the line.
exit() {
  builtin local __ow_status="${1-$?}" __ow_number=
  [[ ! ${1-} =~ ^[0-9]+$ ]] || __ow_number=" $1"
  __ow_where="$__ow_status at ${BASH_SOURCE[1]##*/} line ${BASH_LINENO[0]}: exit$__ow_number"
  builtin exit "$__ow_status"
}

# __ow_leave takes back what FILE did to the shell's options and LC_ALL, and puts into __ow_enter the commands that
# bring it back for a run: one group, so that it is parsed before aliases hold. The shell itself works with the
# options that it began with, and in bytes.
__ow_leave() {
  builtin local __ow_name __ow_last=
  __ow_enter=$'{ :\n'
  if [[ ${LC_ALL@a} != *r* ]]; then
    if [[ -v LC_ALL ]]; then __ow_enter+="LC_ALL=${LC_ALL@Q}"$'\n'; else __ow_enter+=$'builtin unset LC_ALL\n'; fi
    LC_ALL=C
  fi

  __ow_without "$__ow_shopts" "$__ow_plain_shopts"
  for __ow_name in "${__ow_words[@]}"; do
    builtin shopt -u "$__ow_name"
    __ow_enter+="builtin shopt -s $__ow_name"$'\n'
  done
  __ow_without "$__ow_plain_shopts" "$__ow_shopts"
  for __ow_name in "${__ow_words[@]}"; do
    builtin shopt -s "$__ow_name"
    __ow_enter+="builtin shopt -u $__ow_name"$'\n'
  done
  builtin set -E # shopt -u extdebug switches it off

  # A subshell that sets one trap loses those that it inherited.
  __ow_enter+=$__ow_traps$'\n'
  __ow_without "$__ow_plain_options" "$__ow_options"
  for __ow_name in "${__ow_words[@]}"; do
    builtin set -o "$__ow_name"
    __ow_enter+="builtin set +o $__ow_name"$'\n'
  done
  __ow_without "$__ow_options" "$__ow_plain_options"
  for __ow_name in "${__ow_words[@]}"; do
    builtin set +o "$__ow_name"
    case $__ow_name in
      xtrace | errexit) __ow_last+="builtin set -o $__ow_name"$'\n' ;;
      *) __ow_enter+="builtin set -o $__ow_name"$'\n' ;;
    esac
  done
  __ow_enter+=$__ow_last'}'
}

# __ow_without puts into __ow_words the words of the list $1 (a:b:c) that are not in the list $2.
__ow_without() {
  builtin local __ow_rest="$1:"
  __ow_words=()
  while [[ -n $__ow_rest ]]; do
    [[ :$2: == *":${__ow_rest%%:*}:"* ]] || __ow_words+=("${__ow_rest%%:*}")
    __ow_rest=${__ow_rest#*:}
  done
}

# __ow_read reads a request into __ow_line. The shell reads from a pipe byte by byte, which takes half a second for
# 1 MB; head takes what is there. Where runs go one after the other, it cannot take another: no request is sent before
# the last one is answered.
__ow_read() {
  # A name would have IFS applied; TMOUT is for prompts, and a file may have made both readonly.
  if [[ ${TMOUT@a} == *r* ]]; then
    builtin read -r -n 4096 -u 201 -t 1000000000 || builtin return
  else
    TMOUT= builtin read -r -n 4096 -u 201 || builtin return
  fi
  __ow_line=$REPLY
  if (( ${#__ow_line} >= 4096 && __ow_concurrency > 1 )); then
    builtin read -r -d $'\n' -u 201
    __ow_line+=$REPLY
  elif (( ${#__ow_line} >= 4096 )); then
    __ow_line+=$("$__ow_head" -n 1 <&201)
  fi
}

# __ow_split takes __ow_line apart: __ow_value, and the other members in __ow_names and __ow_texts. It looks at the
# text only, which is enough for nearly every request and leaves the value's bytes as they are; where it is not sure
# it lets jq do the work.
__ow_split() {
  __ow_names=() __ow_texts=()
  __ow_cut || __ow_ask_jq
}

__ow_cut() {
  builtin local __ow_before="${__ow_line:0:4096}" __ow_rest __ow_end __ow_after
  [[ $__ow_before == *'"value"'* ]] || builtin return
  __ow_before=${__ow_before%%'"value"'*}
  __ow_rest=${__ow_line:${#__ow_before}+7}
  __ow_before=${__ow_before#"${__ow_before%%[![:space:]]*}"}
  __ow_before=${__ow_before%"${__ow_before##*[![:space:]]}"}
  [[ $__ow_before == '{' || $__ow_before == '{'*, ]] || builtin return
  __ow_before=${__ow_before#\{}
  __ow_members ",${__ow_before%,}" || builtin return

  __ow_rest=${__ow_rest#"${__ow_rest%%[![:space:]]*}"}
  [[ $__ow_rest == :* ]] || builtin return
  __ow_rest=${__ow_rest#:}
  __ow_rest=${__ow_rest#"${__ow_rest%%[![:space:]]*}"}
  __ow_end=$__ow_rest
  (( ${#__ow_end} <= 2048 )) || __ow_end=${__ow_end: -2048}
  __ow_after=${__ow_end%"${__ow_end##*[![:space:]]}"}
  [[ $__ow_after == *\} ]] || builtin return
  __ow_after=${__ow_after%\}}
  [[ $__ow_after == *[]\}]* ]] || builtin return
  __ow_value=${__ow_rest:0:${#__ow_rest}-${#__ow_end}+${#__ow_after}}
  __ow_after=${__ow_after##*[]\}]}
  __ow_value=${__ow_value:0:${#__ow_value}-${#__ow_after}}
  __ow_members "$__ow_after" && __ow_is_one
}

# __ow_members reads ,"name":"text","name":number… as long as there is no backslash, brace or bracket in it.
__ow_members() {
  [[ $1 != *[{}[\\]* && $1 != *']'* ]] || builtin return
  builtin local __ow_i=0 __ow_name __ow_separator
  __ow_quoted "$1" || builtin return
  (( ${#__ow_parts[@]} > 1 )) || { [[ $1 != *[![:space:],]* ]]; builtin return; }
  while (( __ow_i < ${#__ow_parts[@]} )); do
    __ow_separator=${__ow_parts[__ow_i]//[[:space:]]/}
    [[ $__ow_separator == , || ( __ow_i+1 -eq ${#__ow_parts[@]} && -z $__ow_separator ) ]] || builtin return
    (( __ow_i + 1 < ${#__ow_parts[@]} )) || builtin return 0
    __ow_name=${__ow_parts[__ow_i+1]} __ow_separator=${__ow_parts[__ow_i+2]//[[:space:]]/}
    [[ $__ow_name != value && $__ow_separator == :* ]] || builtin return
    if [[ $__ow_separator == : ]]; then
      __ow_separator=${__ow_parts[__ow_i+3]-}
      (( __ow_i += 4 ))
    else
      __ow_separator=${__ow_separator#:}
      __ow_parts[__ow_i+2]=${__ow_separator//[!,]/}
      __ow_separator=${__ow_separator%,}
      (( __ow_i += 2 ))
    fi
    [[ ! $__ow_name =~ ^[A-Za-z_0-9]+$ ]] || { __ow_names+=("__OW_${__ow_name^^}"); __ow_texts+=("$__ow_separator"); }
  done
}

# __ow_quoted puts into __ow_parts what stands between the quotation marks of a text. It needs IFS for that.
__ow_quoted() {
  [[ ${IFS@a} != *r* ]] || builtin return
  builtin local IFS=\"
  builtin set -f
  __ow_parts=($1)
  builtin set +f
}

# __ow_is_one tells whether __ow_value, which begins and ends as it should, is one value and not {…},"x":{…}.
__ow_is_one() {
  [[ ${__ow_value:0:1} == [\{[] && ${__ow_value: -1} == [\}\]] ]] || builtin return
  builtin local __ow_inner="${__ow_value:1:${#__ow_value}-2}"
  [[ $__ow_inner == *[]\}]* ]] || builtin return 0
  __ow_skeleton "$__ow_inner" || builtin return
  __ow_inner=${__ow_bones//[[:alnum:]\".,:+-]/}
  while [[ $__ow_inner == *'{}'* || $__ow_inner == *'[]'* ]]; do
    __ow_inner=${__ow_inner//'{}'/}
    __ow_inner=${__ow_inner//'[]'/}
  done
  [[ -z $__ow_inner ]]
}

# __ow_skeleton puts a JSON text into __ow_bones, without blanks and with all strings empty: {"":1,"":[true]}
__ow_skeleton() {
  builtin local __ow_text="$1" __ow_i
  (( ${#__ow_text} <= 16384 )) || builtin return
  if [[ $__ow_text == *\\* ]]; then
    __ow_text=${__ow_text//\\[\\\"\/bfnrt]/}
    __ow_text=${__ow_text//\\u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]/}
    [[ $__ow_text != *\\* ]] || builtin return
  fi
  __ow_quoted "$__ow_text" || builtin return
  [[ $__ow_text != *\" ]] || __ow_parts+=('')
  (( ${#__ow_parts[@]} % 2 )) || builtin return
  __ow_bones=${__ow_parts[0]}
  for (( __ow_i = 2; __ow_i < ${#__ow_parts[@]}; __ow_i += 2 )); do __ow_bones+=\"\"${__ow_parts[__ow_i]}; done
  (( ${#__ow_bones} <= 1024 )) && [[ ! $__ow_bones =~ [[:alnum:].+-][[:space:]]+[[:alnum:].+-] ]] || builtin return
  __ow_bones=${__ow_bones//[[:space:]]/}
}

# __ow_ask_jq gets the other members as commands, after a line that tells their length, and the value in the last line.
# What jq says of a request may be text of it.
__ow_ask_jq() {
  builtin local __ow_answer __ow_length __ow_unit=utf8bytelength __ow_letter=ñ
  (( ${#__ow_letter} > 1 )) || __ow_unit=length
  __ow_answer=$(builtin printf '%s\n' "$__ow_line" | "$__ow_jq" -cr '
    ([to_entries[] | select(.key != "value" and (.key | test("\\A[A-Za-z_0-9]+\\z")))
      | "__ow_names+=(__OW_\(.key | ascii_upcase))",
        "__ow_texts+=(\(.value | if type == "string" then split("\u0000")[0] // "" else tojson end | @sh))"]
      | join("\n") | '"$__ow_unit"', .), (.value // {})' 2>/dev/null) || builtin return
  __ow_length=${__ow_answer:0:20}
  __ow_length=${__ow_length%%$'\n'*}
  __ow_names=() __ow_texts=() __ow_value=${__ow_answer:${#__ow_length}+__ow_length+2}
  builtin eval "${__ow_answer:${#__ow_length}+1:__ow_length}"
}

# __ow_call is a run, in a subshell of its own. When it fails, __ow_where follows what was printed.
__ow_call() {
  POSIXLY_CORRECT= # builtin exec would redirect itself only
  exec 200>&- 201<&-
  unset POSIXLY_CORRECT
  for (( __ow_i = 0; __ow_i < ${#__ow_names[@]}; __ow_i++ )); do builtin export "${__ow_names[__ow_i]}=${__ow_texts[__ow_i]}"; done
  builtin unset __ow_line
  __ow_writing=
  builtin trap '(( $? == 0 )) || [[ -n $__ow_writing ]] || \builtin printf "\036%s" "$__ow_where"' EXIT
  __ow_where=
  builtin eval "$__ow_enter"
  "$__ow_main" "$__ow_value"
}

# __ow_run puts the answer to __ow_line into __ow_result.
__ow_run() {
  builtin local __ow_status __ow_place
  if ! __ow_split; then
    __ow_fail "the request cannot be read: jq finds no JSON object in it"
  elif ! builtin declare -F -- "$__ow_main" >/dev/null; then
    __ow_fail "${__ow_file##*/} has no function $__ow_main"
  else
    __ow_result=$(__ow_call)
    __ow_status=$?
    __ow_place=${__ow_result: -2048}
    (( ${#__ow_result} > 2048 )) || __ow_place=$__ow_result
    if (( __ow_status )) && [[ $__ow_place == *$'\036'* ]]; then
      __ow_place=${__ow_place##*$'\036'}
      __ow_result=${__ow_result:0:${#__ow_result}-${#__ow_place}-1}
    else
      __ow_place=
    fi
    if (( __ow_status )) && [[ ! ${__ow_result:0:128} =~ ^[[:space:]]*\{[[:space:]]*\"error\" ]]; then
      __ow_fail_status "$__ow_status" "$__ow_place"
    else
      __ow_check
    fi
  fi
}

__ow_fail_status() {
  if [[ $2 == "$1 at "* ]]; then
    __ow_fail "$__ow_main ended with status $2"
  elif (( $1 > 128 )) && [[ -n $__ow_noticed || $(builtin kill -l "$1") == "$__ow_cancelled" ]]; then
    # Whatever the signal is: bash aborts itself where one meets it inside malloc.
    __ow_fail "the run was cancelled"
  elif (( $1 > 128 )) && [[ -z $2 ]]; then
    __ow_fail "$__ow_main was ended by the signal $(builtin kill -l "$1")"
  else
    __ow_fail "$__ow_main ended with status $1; the log says more"
  fi
}

# In a skeleton, __ow_flat matches an object or array with nothing but scalars in it.
__ow_scalar='(""|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?|true|false|null|\{\}|\[\])'
__ow_flat="\\{\"\":$__ow_scalar(,\"\":$__ow_scalar)*\\}|\\[$__ow_scalar(,$__ow_scalar)*\\]"

# __ow_is_json tells that __ow_result is an object or array. It is not sure of what is long or deep.
__ow_is_json() {
  (( ${#__ow_result} <= 16384 )) && [[ $__ow_result != *[[:cntrl:]]* ]] && __ow_skeleton "$__ow_result" || builtin return
  builtin local __ow_left=32
  while [[ $__ow_bones != '{}' && $__ow_bones != '[]' ]]; do
    (( __ow_left-- )) && [[ $__ow_bones =~ $__ow_flat ]] || builtin return
    __ow_bones=${__ow_bones//"${BASH_REMATCH[0]}"/[]}
  done
}

# __ow_check makes one line of __ow_result, and an error where it is neither an object nor an array.
__ow_check() {
  builtin local __ow_kind __ow_printed="$__ow_result"
  while [[ $__ow_result == *$'\n' ]]; do __ow_result=${__ow_result:0:${#__ow_result}-1}; done
  if [[ $__ow_result == *[$'\n\r\t']* ]]; then
    if (( ${#__ow_result} < 65536 )); then
      __ow_result=${__ow_result//[$'\n\r\t']/ }
    else
      __ow_result=$(builtin printf '%s' "$__ow_result" | "$__ow_tr" '\n\r\t' ' ')
    fi
  fi
  ! __ow_is_json || builtin return 0
  __ow_kind=$(builtin printf '%s' "$__ow_result" | "$__ow_jq" -r type 2>/dev/null) || __ow_kind=error
  case $__ow_kind in
    object | array) builtin return ;;
    '') __ow_fail "$__ow_main printed nothing; it must print a JSON object or array"; builtin return ;;
    string | number | boolean | null) __ow_kind="printed a $__ow_kind" ;;
    error) __ow_kind="printed what is not JSON" ;;
    *) __ow_kind="printed more than one value" ;;
  esac
  builtin printf '%s\n' "$__ow_printed" >&2
  __ow_fail "$__ow_main $__ow_kind; it must print a JSON object or array, and write to stderr what is meant for the log"
}

# __ow_fail makes an error of a text.
__ow_fail() {
  builtin local __ow_text="${1//\\/\\\\}"
  __ow_text=${__ow_text//\"/\\\"}
  __ow_text=${__ow_text//$'\t'/ }
  __ow_result="{\"error\":\"${__ow_text//[[:cntrl:]]/}\"}"
}

# ow_head, ow_out and ow_put are for functions: {"status":…,"headers":{…}} of the stream; a line of it, or with - the
# lines of stdin; text without the end of a line. They open the launcher's pipe anew, so that no program inherits it.
ow_head() {
  builtin local __ow_text="${1-}"
  __ow_stream head "${__ow_text//[[:cntrl:]]/ }"
}

ow_put() { __ow_stream put "$*"; }

ow_out() {
  [[ $# == 1 && $1 == - ]] || { __ow_stream out "$*"; builtin return; }
  while builtin read -r -t 1000000000 || [[ -n $REPLY ]]; do __ow_stream out "$REPLY"; done
}

__ow_stream() {
  if [[ -z $__ow_id ]]; then
    builtin printf '%s\n' "$2" >&2
  else
    builtin trap - "$__ow_cancelled" # from now on a cancel ends the run
    __ow_writing=yes # to the launcher's pipe, where a cancel must not have the trap for EXIT print
    __ow_write "$1" "$2" >>"/proc/$$/fd/200"
    __ow_writing=
  fi
}

# __ow_write prints the lines of the word $1 with the text $2, of which that of out and put may have ends of lines. Lines
# of other processes come between them and not into them, for each is shorter than what the shell writes at once.
__ow_write() {
  builtin local __ow_rest="$2" __ow_piece __ow_joint="more $__ow_id $1"
  [[ $1 == end || $2 != *$'\n'* ]] || __ow_joint="put $__ow_id"
  while [[ -n $__ow_rest ]]; do
    __ow_piece=${__ow_rest:0:240}
    __ow_rest=${__ow_rest:240}
    while [[ $__ow_piece == *$'\n'* ]]; do
      builtin printf 'out %s %s\n' "$__ow_id" "${__ow_piece%%$'\n'*}"
      __ow_piece=${__ow_piece#*$'\n'}
    done
    [[ -z $__ow_rest ]] || builtin printf '%s %s\n' "$__ow_joint" "$__ow_piece"
  done
  [[ $1 == put && -z ${__ow_piece-} ]] || builtin printf '%s %s %s\n' "$1" "$__ow_id" "${__ow_piece-}"
}

# __ow_serve is version 2: each run is a job, and the shell waits for the next line meanwhile.
__ow_serve() {
  builtin local -A __ow_jobs
  builtin trap '' "$__ow_cancelled"
  while __ow_read; do
    __ow_id=${__ow_line:0:40}
    __ow_id=${__ow_id#* }
    __ow_id=${__ow_id%% *}
    case $__ow_line in
      run\ *)
        __ow_line=${__ow_line#run * * * }
        __ow_forget
        __ow_job 201<&- &
        __ow_jobs[$__ow_id]=$! ;;
      cancel\ *) [[ -z ${__ow_jobs[$__ow_id]-} ]] || __ow_cancel "${__ow_jobs[$__ow_id]}" 200>&- 201<&- & ;;
    esac
  done
  builtin wait
}

# __ow_forget drops jobs that have ended, when there may be many.
__ow_forget() {
  builtin local __ow_name
  (( ${#__ow_jobs[@]} > 2 * __ow_concurrency )) || builtin return 0
  for __ow_name in "${!__ow_jobs[@]}"; do
    [[ -e /proc/${__ow_jobs[$__ow_name]} ]] || builtin unset "__ow_jobs[$__ow_name]"
  done
}

# __ow_cancel cancels a job as soon as the run streams. A job itself writes the end.
__ow_cancel() {
  builtin local __ow_stat __ow_done=
  while { builtin read -r -a __ow_stat <"/proc/$1/stat"; } 2>/dev/null && [[ ${__ow_stat[3]} == "$$" ]]; do
    __ow_signal "$1" "$1" 2>/dev/null
    [[ -z $__ow_done ]] || builtin return 0
    "$__ow_sleep" 0.2
  done
}

# __ow_signal signals those shells below the process $1 of the job $2 that stream: their traps for EXIT run. What they
# have started is killed first, while they are stopped and start no more.
__ow_signal() {
  builtin local __ow_child __ow_children
  builtin read -r -a __ow_children <"/proc/$1/task/$1/children"
  for __ow_child in "${__ow_children[@]}"; do
    if __ow_ignores "$__ow_child"; then
      __ow_signal "$__ow_child" "$2"
    else
      builtin kill -s STOP "$__ow_child"
      builtin kill -s "$__ow_notice" "$2"
      __ow_kill "$__ow_child"
      builtin kill -s "$__ow_cancelled" "$__ow_child"
      builtin kill -s CONT "$__ow_child"
      __ow_done=yes
    fi
  done
}

__ow_kill() {
  builtin local __ow_child __ow_children
  builtin read -r -a __ow_children <"/proc/$1/task/$1/children"
  for __ow_child in "${__ow_children[@]}"; do
    builtin kill -s STOP "$__ow_child"
    __ow_kill "$__ow_child"
    builtin kill -s KILL "$__ow_child"
  done
}

# __ow_ignores tells whether a process ignores the signal, as all do that began before the run streamed.
__ow_ignores() {
  builtin local __ow_name __ow_mask
  while builtin read -r __ow_name __ow_mask; do
    [[ $__ow_name != SigIgn: ]] || (( !(16#$__ow_mask >> ($(builtin kill -l "$__ow_cancelled") - 1) & 1) )) || builtin return 0
  done <"/proc/$1/status"
  builtin return 1
}

__ow_job() {
  builtin trap '__ow_noticed=yes' "$__ow_notice"
  if (( __ow_concurrency == 1 )); then
    __ow_run
    builtin trap '' "$__ow_notice" # it would interrupt the writing
    builtin printf 'end %s %s\n' "$__ow_id" "$__ow_result" >&200
    builtin return
  fi
  # What the function logs becomes lines with its id, up to a mark: a program that it leaves behind keeps the pipe open.
  builtin local __ow_logs
  coproc __ow_logs { __ow_relay; }
  builtin eval "exec 202>&${__ow_logs[1]} 203<&${__ow_logs[0]}"
  __ow_run 2>&202 202>&- 203<&-
  builtin trap '' "$__ow_notice"
  builtin printf '\036%s\n' "$__ow_id" >&202
  builtin read -r -u 203
  __ow_write end "$__ow_result" >&200
}

__ow_relay() {
  while builtin read -r -t 1000000000 && [[ $REPLY != *$'\036'"$__ow_id" ]]; do __ow_write log "$REPLY" >&200; done
  REPLY=${REPLY%$'\036'*}
  [[ -z $REPLY ]] || __ow_write log "$REPLY" >&200
  exec 200>&-
  builtin echo
  "$__ow_cat" >&2 # of programs that live on
}

# The rest is one group, for the shell parses what follows FILE with its aliases.
{
  __ow_plain_options=$SHELLOPTS __ow_plain_shopts=$BASHOPTS __ow_ready=
  # The shell puts the pipes back from numbers that FILE can close and open anew.
  builtin read -r -d '' </proc/self/fdinfo/200
  __ow_pipe=$REPLY
  builtin trap '[[ -n $__ow_ready ]] || { \builtin printf "%s\n" "${__ow_file##*/} could not be loaded: status ${__ow_where:-$?}" >&2; \builtin exit 1; }' EXIT
  { builtin source "$__ow_file"; } 200>&- 201<&-

  # POSIX mode finds set and unset before functions of that name. A function called builtin is lost.
  { __ow_status=$? __ow_options=$SHELLOPTS __ow_shopts=$BASHOPTS; POSIXLY_CORRECT=; set +exu; unset -f builtin; unset POSIXLY_CORRECT; } 2>/dev/null
  builtin enable builtin declare enable eval exec exit export kill local printf read return set shopt source trap unset
  __ow_traps=$(\builtin trap -p ERR DEBUG RETURN)
  builtin trap - ERR DEBUG RETURN CHLD
  __ow_leave
  # A status is no mistake, the file may end with a test; then its grammar is.
  if (( __ow_status )) && ! "$BASH" -n "$__ow_file" 2>/dev/null; then builtin exit 1; fi
  __ow_ready=yes
  { builtin read -r -d '' </proc/self/fdinfo/200; } 2>/dev/null
  if [[ $REPLY != "$__ow_pipe" ]] || ! { builtin printf '' >&200; } 2>/dev/null; then
    builtin printf '%s\n' "${__ow_file##*/} closed descriptors that it had not opened" >&2
    builtin exit 1
  fi

  if [[ -n ${__OW_WAIT_FOR_ACK-} && ${__OW_NATIVE_PROTOCOL-} =~ ^[0-9]+$ ]] && (( 10#$__OW_NATIVE_PROTOCOL > 1 )); then
    [[ ${__OW_ALLOW_CONCURRENT-} != true ]] || __ow_concurrency=${OW_CONCURRENCY-16}
    [[ $__ow_concurrency =~ ^[1-9][0-9]{0,3}$ ]] || __ow_concurrency=1
    builtin printf '{"openwhisk":2,"concurrency":%s,"request":true}\n' "$__ow_concurrency" >&200
    __ow_serve
    builtin exit 0
  fi
  [[ -z ${__OW_WAIT_FOR_ACK-} ]] || builtin printf '{"ok":true}\n' >&200
  while __ow_read; do
    __ow_run
    builtin printf '%s\n' "$__ow_result" >&200
  done
  builtin exit 0
}
