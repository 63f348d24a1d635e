package org.hearth.server.outbound.federation;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.ServerName;

/// The way to a server, step by step, as it was gone at one time.
///
/// @param name whose server
/// @param began when
/// @param steps what was done, in order
/// @param reached who answered; empty if nobody did
public record NameTrace(
    ServerName name, Instant began, List<Step> steps, Optional<Reached> reached) {
  public NameTrace {
    steps = List.copyOf(steps);
  }

  /// Whether every step was as it should be, up to an answer with a valid key.
  public boolean isGood() {
    return reached.isPresent() && steps.stream().allMatch(Step::good);
  }

  /// One step.
  ///
  /// @param what was done
  /// @param good whether it is as it should be
  /// @param found what came of it, in words
  /// @param took how long it took
  public record Step(String what, boolean good, String found, Duration took) {}

  /// Who answered.
  ///
  /// @param address whom the connection led to
  /// @param port the TCP port
  /// @param hostHeader by which name it was asked
  /// @param certificate by which it proved to be whom it should
  /// @param keys by which it signs
  /// @param software what it says that it is, such as `Synapse 1.150.0`; empty if it does not
  /// @param clockAhead how much its clock is ahead of this server's; negative if behind; empty if
  ///   it does not tell
  public record Reached(
      InetAddress address,
      int port,
      String hostHeader,
      Optional<Certificate> certificate,
      List<Key> keys,
      Optional<String> software,
      Optional<Duration> clockAhead) {
    public Reached {
      keys = List.copyOf(keys);
    }
  }

  /// A certificate.
  ///
  /// @param names whom it is for
  /// @param issuer who signed it
  /// @param until when it is valid
  public record Certificate(List<String> names, String issuer, Instant until) {
    public Certificate {
      names = List.copyOf(names);
    }
  }

  /// A key that the server publishes and proves to have.
  ///
  /// @param id such as `ed25519:a_key`
  /// @param key in base64
  /// @param until when it is valid
  public record Key(String id, String key, Instant until) {}
}
