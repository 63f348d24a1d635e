package org.hearth.server.services.account;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.RowChange;

/// When, from where and with what program devices last sent a request, in memory; written to the
/// disk every few minutes, not per request.
///
/// **thread**: any. At most one entry for each device that is logged in: it goes with the device.
final class LastSeen {
  /// A stored time may be this much out of date: no device is written more often.
  private static final Duration GRAIN = Duration.ofMinutes(1);

  private static final Duration REMEMBERED = Duration.ofDays(1);

  /// Of what a program calls itself, this much is kept.
  static final int LONGEST_USER_AGENT = 255;

  /// @param userAgent what the program calls itself; empty if it does not say
  private record Seen(Instant when, InetAddress address, String userAgent, Instant stored) {
    Seen storedAt(Instant time) {
      return new Seen(when, address, userAgent, time);
    }
  }

  /// What is known of each user's devices; of none without any.
  private final ConcurrentMap<UserId, Map<DeviceId, Seen>> seen = new ConcurrentHashMap<>();

  void seen(UserId user, DeviceId device, Instant when, InetAddress address, String userAgent) {
    String kept = userAgent.substring(0, Math.min(userAgent.length(), LONGEST_USER_AGENT));
    seen.compute(
        user,
        (_, known) -> {
          Map<DeviceId, Seen> devices = known == null ? new ConcurrentHashMap<>() : known;
          devices.merge(
              device,
              new Seen(when, address, kept, Instant.EPOCH),
              (before, now) -> now.storedAt(before.stored));
          return devices;
        });
  }

  void forget(UserId user, DeviceId device) {
    change(user, devices -> devices.remove(device));
  }

  private void change(UserId user, Consumer<Map<DeviceId, Seen>> change) {
    seen.computeIfPresent(
        user,
        (_, devices) -> {
          change.accept(devices);
          return devices.isEmpty() ? null : devices;
        });
  }

  private Map<DeviceId, Seen> of(UserId user) {
    return seen.getOrDefault(user, Map.of());
  }

  /// The device with what is known here and not yet on the disk.
  Device overlay(Device stored) {
    Seen known = of(stored.user()).get(stored.id());
    return known == null
        ? stored
        : new Device(
            stored.user(),
            stored.id(),
            stored.displayName(),
            Optional.of(known.when),
            Optional.of(known.address.getHostAddress()),
            Optional.of(known.userAgent).filter(each -> !each.isEmpty()));
  }

  /// The later of two times: the stored one, and the newest one known here of a device of the user.
  Optional<Instant> later(UserId user, Optional<Instant> stored) {
    return Stream.concat(stored.stream(), of(user).values().stream().map(each -> each.when))
        .max(Instant::compareTo);
  }

  /// The changes for what the disk does not have yet.
  List<RowChange> unsaved() {
    List<RowChange> changes = new ArrayList<>();
    seen.forEach((user, devices) ->
        devices.forEach((device, each) -> {
          if (each.stored.plus(GRAIN).isBefore(each.when)) {
            changes.add(
                Accounts.seen(
                    user, device, each.when, each.address.getHostAddress(), each.userAgent));
          }
        }));
    return changes;
  }

  /// Called when [#unsaved] of before that time was committed. Lets go of what has been on the disk
  /// for a day.
  void saved(Instant until) {
    for (UserId user : seen.keySet()) {
      change(
          user,
          devices -> {
            devices.values().removeIf(each -> each.when.isBefore(until.minus(REMEMBERED)));
            devices.replaceAll(
                (_, each) -> each.when.isAfter(until) ? each : each.storedAt(each.when));
          });
    }
  }
}
