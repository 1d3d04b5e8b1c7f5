"""The ledger's accounts in Redis: what is stored, and the scripts that read and change it at one stroke.

Each account has three keys; the braces put all of them into one slot of a cluster:

``{simple-one-api}:<id>:e``  sorted set: lease → when it is over, in microseconds of Redis' own clock
``{simple-one-api}:<id>:a``  hash, of tokens only: lease → amount, and ``total``
``{simple-one-api}:<id>:q``  hash: ``o<owner>`` → who waits first there (see ``turns.py``), ``until`` → the last of
                             those deadlines, ``s<cell>`` → a caller's last turn

An entry is over when its window is; a slot's, when nobody has renewed it for a while. All keys expire by themselves.
``{simple-one-api}:epoch`` tells whether the store is still the one that it was.
"""

from collections.abc import Sequence
from typing import Final

from app.ledger import Account, Turn, Want

PREFIX: Final = "{simple-one-api}"
EPOCH: Final = f"{PREFIX}:epoch"
SLOT_S: Final = 10.0
"""How long a slot is kept without a sign of life of its owner."""

LOOK_S: Final = 0.3
"""How much later than announced a worker may look again and keep its turn."""

_COMMON: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local epoch = redis.call('GET', KEYS[1])
if not epoch then
  epoch = tostring(now)
  redis.call('SET', KEYS[1], epoch)
end
local function collect(entries, amounts)
  local over = redis.call('ZRANGEBYSCORE', entries, '-inf', now)
  if #over == 0 then return end
  for from = 1, #over, 1000 do
    local some = {unpack(over, from, math.min(from + 999, #over))}
    local total = 0
    for _, amount in ipairs(redis.call('HMGET', amounts, unpack(some))) do total = total + (tonumber(amount) or 0) end
    if total > 0 then redis.call('HINCRBY', amounts, 'total', -total) end
    redis.call('HDEL', amounts, unpack(some))
  end
  redis.call('ZREMRANGEBYSCORE', entries, '-inf', now)
end
local function enter(entries, amounts, lease, rest, kind, amount)
  redis.call('ZADD', entries, now + rest, lease)
  local keep = math.floor(rest / 1000) + 60000
  if redis.call('PTTL', entries) < keep then redis.call('PEXPIRE', entries, keep) end
  if kind == 't' then
    redis.call('HSET', amounts, lease, amount)
    redis.call('HINCRBY', amounts, 'total', amount)
    if redis.call('PTTL', amounts) < keep then redis.call('PEXPIRE', amounts, keep) end
  end
end
"""

TAKE: Final = (
    _COMMON
    + """
local lease, owner, cell, since, waiting, look = ARGV[1], ARGV[2], ARGV[3], now - ARGV[4], tonumber(ARGV[5]), ARGV[6]
local function ahead(line)
  local before, others = 0, 0
  if tonumber(redis.call('HGET', line, 'until') or 0) <= now then return before, others end
  local all = redis.call('HGETALL', line)
  local served = {}
  for i = 1, #all, 2 do if all[i]:sub(1, 1) == 's' then served[all[i]:sub(2)] = tonumber(all[i + 1]) end end
  local mine = served[cell] or 0
  for i = 1, #all, 2 do
    if all[i]:sub(1, 1) == 'o' and all[i] ~= 'o' .. owner then
      local c, s, deadline, number = all[i + 1]:match('(%S+) (%S+) (%S+) (%S+)')
      if tonumber(deadline) > now then
        local theirs = served[c] or 0
        others = others + number
        if theirs < mine or (theirs == mine and tonumber(s) < since) then before = before + 1 end
      else
        redis.call('HDEL', line, all[i])
      end
    end
  end
  return before, others
end
local function due(entries, amounts, kind, lacking)
  if lacking <= 0 then return 0 end
  if kind == 's' then return -1 end
  local first, last = lacking - 1, lacking - 1
  if kind == 't' then first, last = 0, 999 end
  local found, free = redis.call('ZRANGE', entries, first, last, 'WITHSCORES'), now
  for i = 1, #found, 2 do
    if lacking <= 0 then break end
    free = tonumber(found[i + 1])
    if kind == 't' then lacking = lacking - (tonumber(redis.call('HGET', amounts, found[i])) or 0) end
  end
  return math.max(0, free - now)
end
local count = (#ARGV - 6) / 4
if redis.call('ZSCORE', KEYS[2], lease) then return {0, 0, 0, epoch} end
for i = 0, count - 1 do
  local entries, amounts, line = KEYS[2 + 3 * i], KEYS[3 + 3 * i], KEYS[4 + 3 * i]
  local kind, size, amount = ARGV[7 + 4 * i], tonumber(ARGV[8 + 4 * i]), tonumber(ARGV[9 + 4 * i])
  collect(entries, amounts)
  local used = kind == 't' and tonumber(redis.call('HGET', amounts, 'total') or 0) or redis.call('ZCARD', entries)
  local before, others = ahead(line)
  if used + amount > size - before then
    local free = due(entries, amounts, kind, used + amount - size)
    if waiting > 0 then
      local deadline = string.format('%.0f', now + look + math.max(0, free))
      redis.call('HSET', line, 'o' .. owner, table.concat({cell, string.format('%.0f', since), deadline, waiting}, ' '))
      if deadline > (redis.call('HGET', line, 'until') or '0') then redis.call('HSET', line, 'until', deadline) end
      redis.call('PEXPIRE', line, 600000)
    end
    return {i + 1, free, others, epoch}
  end
end
for i = 0, count - 1 do
  local line = KEYS[4 + 3 * i]
  enter(KEYS[2 + 3 * i], KEYS[3 + 3 * i], lease, tonumber(ARGV[10 + 4 * i]), ARGV[7 + 4 * i], ARGV[9 + 4 * i])
  redis.call('HSET', line, 's' .. cell, redis.call('HINCRBY', line, 'turns', 1))
  redis.call('HDEL', line, 'o' .. owner)
  redis.call('PEXPIRE', line, 600000)
end
return {0, 0, 0, epoch}
"""
)
"""Everything or nothing. KEYS: epoch, then three of each account. ARGV: lease, owner, cell, waited µs, waiting, look
µs, then kind, size, amount and rest µs of each account. Returns the number of the account that lacks, or 0; when it is
due in µs, -1 where only a release can tell; how many wait elsewhere; the epoch."""

FINISH: Final = (
    _COMMON
    + """
local lease, tokens = ARGV[1], tonumber(ARGV[2])
for i = 0, (#ARGV - 2) / 3 - 1 do
  local entries, amounts = KEYS[2 + 3 * i], KEYS[3 + 3 * i]
  local kind, amount, rest = ARGV[3 + 3 * i], tonumber(ARGV[4 + 3 * i]), tonumber(ARGV[5 + 3 * i])
  if kind == 's' or tokens == -2 then
    if redis.call('ZREM', entries, lease) == 1 and kind == 't' then
      redis.call('HINCRBY', amounts, 'total', -(tonumber(redis.call('HGET', amounts, lease)) or 0))
      redis.call('HDEL', amounts, lease)
    end
  elseif kind == 't' and tokens > amount then
    enter(entries, amounts, lease .. '+', rest, kind, tokens - amount)
  elseif kind == 't' and tokens >= 0 then
    local reserved = tonumber(redis.call('HGET', amounts, lease))
    if reserved then
      redis.call('HSET', amounts, lease, tokens)
      redis.call('HINCRBY', amounts, 'total', tokens - reserved)
    end
  end
end
return epoch
"""
)
"""The end of a lease. ARGV: lease, tokens (-1 unknown, -2 never used), then kind, amount, rest µs of each account."""

RENEW: Final = (
    _COMMON
    + """
for i = 0, #ARGV / 4 - 1 do
  local entries, amounts = KEYS[2 + 3 * i], KEYS[3 + 3 * i]
  local lease, kind, amount, rest = ARGV[1 + 4 * i], ARGV[2 + 4 * i], ARGV[3 + 4 * i], tonumber(ARGV[4 + 4 * i])
  local score = redis.call('ZSCORE', entries, lease)
  if not score or kind == 's' then
    enter(entries, amounts, lease, rest, kind, amount)
  elseif tonumber(score) < now + rest then
    redis.call('ZADD', entries, now + rest, lease)
  end
end
return epoch
"""
)
"""Signs of life for slots, and entries that the store may have lost or that rest longer than it knows. ARGV: lease,
kind, amount, rest µs of each."""


def kind(account: Account) -> str:
    """The scripts' letter for a kind of account."""
    return "s" if account.holds_slots else "t" if account.counts_tokens else "w"


def keys(accounts: Sequence[Account]) -> list[str]:
    """KEYS for some accounts."""
    return [EPOCH, *(f"{PREFIX}:{account.id.hex()}:{part}" for account in accounts for part in "eaq")]


def rest_us(account: Account) -> int:
    """How long an entry of now rests."""
    day_s = account.day.left_s() if account.day else 0.0
    return round(1e6 * (SLOT_S if account.holds_slots else account.rest_s + day_s))


def take_args(lease: str, owner: str, wants: Sequence[Want], turn: Turn, now: float) -> list[str | int]:
    """ARGV of TAKE. ``now`` is by the clock of ``turn.since``."""
    waited_us = round(1e6 * max(0.0, now - turn.since))
    args: list[str | int] = [lease, owner, turn.cell, waited_us, turn.waiting, round(1e6 * LOOK_S)]
    for account, amount in wants:
        args += [kind(account), account.size, amount, rest_us(account)]
    return args


def finish_args(lease: str, tokens: int, wants: Sequence[Want]) -> list[str | int]:
    """ARGV of FINISH."""
    args: list[str | int] = [lease, tokens]
    for account, amount in wants:
        args += [kind(account), amount, rest_us(account)]
    return args
