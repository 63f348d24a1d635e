package org.hearth.server.box;

import java.time.InstantSource;
import java.util.function.Function;

/// The time by which a server goes.
///
/// @param clock what time it is
/// @param alarms makes alarms: name of their thread → alarms, which whoever asks for them closes
public record Time(InstantSource clock, Function<String, Alarms> alarms) {
  /// The time by that clock, with alarms that each have a thread.
  public static Time of(InstantSource clock) {
    return new Time(clock, Alarms::onThread);
  }
}
