package org.hearth.server.servers.presence;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.logs.Presence;
import org.jspecify.annotations.Nullable;

/// What is known of a user: what each device is marked as and until when that holds, and when the
/// user was last active. From this follows the user's presence at any moment.
///
/// - A device is marked by what its client asks of `/sync`, each time that this is another than
///   before, and by what the user says. Going on to sync changes nothing: what the user said stays.
/// - Without a sync that has begun or ended within [#GONE_AFTER] a device counts no more.
/// - Being marked as online is being active, and so is saying something about the presence: "the
///   activity time is updated to reflect that activity".
/// - "Any activity that bumps the last active time on any of the user's clients will cause the
///   server to automatically set their presence to `online`", where a client is there; sending
///   shows nobody who wants to be offline.
/// - Of a user elsewhere it is as that server says, for [#REPORTED_FOR]; it goes by clocks of its
///   own.
/// - The user is online if a device is and the user was active within [#IDLE_AFTER]; else
///   unavailable if a device is there at all.
///
/// **thread**: any; an immutable value. **bound**: [#MOST_DEVICES]; of more, those go that would go
/// first. **source**: [presence](https://spec.matrix.org/v1.19/client-server-api/#presence).
///
/// @param devices those that are there, by id; empty for a client without one
/// @param lastActive null if that is not known
/// @param status the user's message; null for none
/// @param report what another server has said; null for a user of this one
record UserState(
    Map<String, Device> devices,
    @Nullable Instant lastActive,
    @Nullable String status,
    @Nullable Report report) {
  /// How long after its last sync a client is taken for gone.
  static final Duration GONE_AFTER = Duration.ofSeconds(60);

  /// How long nothing more is told of a user's activity.
  static final Duration ACTIVE_FOR = Duration.ofMinutes(1);

  /// "A threshold value (e.g. 5 minutes)".
  static final Duration IDLE_AFTER = Duration.ofMinutes(5);

  /// How long that holds which another server has said, unless it says it again. Servers repeat
  /// themselves within that time.
  static final Duration REPORTED_FOR = Duration.ofMinutes(30);

  /// Devices of one user that count at a time.
  static final int MOST_DEVICES = 100;

  /// That a client goes on syncing is worth saying again when so much of its time has run.
  static final Duration SAID_AGAIN_AFTER = Duration.ofSeconds(30);

  /// That a user is active is worth saying again after that.
  static final Duration ACTIVE_AGAIN_AFTER = Duration.ofSeconds(1);

  /// A client that is there.
  ///
  /// @param asked as what it last asked `/sync` to mark it; null if it has not
  /// @param until when it is gone unless it syncs again
  record Device(@Nullable Presence asked, Presence presence, Instant until) {}

  /// What another server has said of its user.
  ///
  /// @param until when it holds no more
  record Report(Presence presence, boolean currentlyActive, Instant until) {}

  UserState {
    devices = Map.copyOf(devices);
  }

  /// Of a user of this server.
  UserState(Map<String, Device> devices, @Nullable Instant lastActive, @Nullable String status) {
    this(devices, lastActive, status, null);
  }

  /// Of a user elsewhere.
  static UserState reported(Report report, @Nullable Instant lastActive, @Nullable String status) {
    return new UserState(Map.of(), lastActive, status, report);
  }

  /// Of somebody who is not there.
  static UserState absent(@Nullable String status) {
    return new UserState(Map.of(), null, status);
  }

  /// A client begins to sync.
  ///
  /// @param until when that ends
  UserState syncing(String device, Presence as, Instant until, Instant now) {
    Map<String, Device> after = thoseThere(now);
    @Nullable Device before = after.get(device);
    if (as == Presence.OFFLINE) {
      // "The client is not marked as being online": what else marks it remains.
      if (before != null && before.asked != null) {
        after.remove(device);
      }
      return new UserState(after, lastActive, status);
    }
    boolean anew = before == null || before.asked != as;
    Instant end = until.plus(GONE_AFTER);
    Instant later = before != null && before.until.isAfter(end) ? before.until : end;
    Presence presence = before != null && before.asked == as ? before.presence : as;
    after.put(device, new Device(as, presence, later));
    makeRoom(after);
    return new UserState(after, anew && as == Presence.ONLINE ? now : lastActive, status);
  }

  /// The user says how it is.
  UserState said(String device, Presence presence, Instant now) {
    Map<String, Device> after = thoseThere(now);
    @Nullable Device before = after.get(device);
    Instant end = now.plus(GONE_AFTER);
    Instant later = before != null && before.until.isAfter(end) ? before.until : end;
    after.put(device, new Device(before == null ? null : before.asked, presence, later));
    makeRoom(after);
    return new UserState(after, now, status);
  }

  /// The user does something.
  UserState active(Instant now) {
    Map<String, Device> after = thoseThere(now);
    after.replaceAll((_, each) ->
        each.presence == Presence.UNAVAILABLE
            ? new Device(each.asked, Presence.ONLINE, each.until)
            : each);
    return new UserState(after, now, status);
  }

  UserState withStatus(@Nullable String message) {
    return new UserState(devices, lastActive, message);
  }

  private Map<String, Device> thoseThere(Instant now) {
    Map<String, Device> there = new HashMap<>(devices);
    there.values().removeIf(each -> !each.until.isAfter(now));
    return there;
  }

  private static void makeRoom(Map<String, Device> devices) {
    if (devices.size() > MOST_DEVICES) {
      devices.entrySet().stream()
          .min(Comparator.comparing(each -> each.getValue().until))
          .map(Map.Entry::getKey)
          .ifPresent(devices::remove);
    }
  }

  /// How it is with the user then.
  UserPresence at(Instant now) {
    if (report != null) {
      Presence told = report.until.isAfter(now) ? report.presence : Presence.OFFLINE;
      boolean active = told == Presence.ONLINE && report.currentlyActive;
      return new UserPresence(told, lastActive, active, status);
    }
    boolean online = false;
    boolean there = false;
    for (Device each : devices.values()) {
      if (each.until.isAfter(now)) {
        online |= each.presence == Presence.ONLINE;
        there |= each.presence != Presence.OFFLINE;
      }
    }
    boolean awake = online && isActiveWithin(IDLE_AFTER, now);
    Presence presence = awake ? Presence.ONLINE : there ? Presence.UNAVAILABLE : Presence.OFFLINE;
    return new UserPresence(presence, lastActive, awake && isActiveWithin(ACTIVE_FOR, now), status);
  }

  /// Whether there is more to say of the user than being offline.
  boolean says(Instant now) {
    return lastActive != null || status != null || at(now).presence() != Presence.OFFLINE;
  }

  private boolean isActiveWithin(Duration time, Instant now) {
    return lastActive != null && lastActive.plus(time).isAfter(now);
  }

  /// When it will be another unless something happens; empty for never.
  Optional<Instant> nextChange(Instant now) {
    if (report != null) {
      return at(now).presence() == Presence.OFFLINE ? Optional.empty() : Optional.of(report.until);
    }
    Stream<Instant> ends =
        devices.values().stream()
            .filter(each -> each.presence != Presence.OFFLINE)
            .map(Device::until);
    Stream<Instant> times =
        lastActive == null
            ? Stream.of()
            : Stream.of(lastActive.plus(ACTIVE_FOR), lastActive.plus(IDLE_AFTER));
    boolean there = at(now).presence() != Presence.OFFLINE;
    return there
        ? Stream.concat(ends, times).filter(each -> each.isAfter(now)).min(Instant::compareTo)
        : Optional.empty();
  }

  /// Whether that a client syncs need not be said.
  boolean knows(String device, Presence as, Instant until, Instant now) {
    @Nullable Device known = devices.get(device);
    if (known == null || !known.until.isAfter(now)) {
      return as == Presence.OFFLINE;
    }
    return as == Presence.OFFLINE
        ? known.asked == null
        : known.asked == as
            && !known.until.isBefore(until.plus(GONE_AFTER).minus(SAID_AGAIN_AFTER));
  }

  /// Whether that the user is active need not be said.
  boolean knowsActive(Instant now) {
    return isActiveWithin(ACTIVE_AGAIN_AFTER, now)
        && devices.values().stream().noneMatch(each -> each.presence == Presence.UNAVAILABLE);
  }
}
