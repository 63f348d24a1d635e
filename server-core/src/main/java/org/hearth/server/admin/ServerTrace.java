package org.hearth.server.admin;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.outbound.federation.NameTrace;

/// The way to another server, as it was gone at one time.
///
/// @param name the server's
/// @param good whether every step was as it should be
/// @param steps what was done, in order
/// @param facts what is known of the server that answered; empty if none did
public record ServerTrace(String name, boolean good, List<Step> steps, List<Fact> facts) {
  public ServerTrace {
    steps = List.copyOf(steps);
    facts = List.copyOf(facts);
  }

  /// One step.
  ///
  /// @param what was done
  /// @param good whether it is as it should be
  /// @param found what came of it, in words
  /// @param took how long it took
  public record Step(String what, boolean good, String found, Duration took) {}

  /// Something that is known of the server.
  ///
  /// @param what it is, such as `certificate valid until`
  /// @param is the value, in words
  public record Fact(String what, String is) {}

  static ServerTrace of(NameTrace trace) {
    return new ServerTrace(
        trace.name().value(),
        trace.isGood(),
        trace.steps().stream()
            .map(each -> new Step(each.what(), each.good(), each.found(), each.took()))
            .toList(),
        trace.reached().map(ServerTrace::facts).orElse(List.of()));
  }

  private static List<Fact> facts(NameTrace.Reached reached) {
    List<Fact> facts = new ArrayList<>();
    facts.add(
        new Fact(
            "address", "%s port %d".formatted(reached.address().getHostAddress(), reached.port())));
    facts.add(new Fact("asked as", reached.hostHeader()));
    reached
        .certificate()
        .ifPresent(each -> {
          facts.add(new Fact("certificate for", String.join(", ", each.names())));
          facts.add(new Fact("certificate signed by", each.issuer()));
          facts.add(new Fact("certificate valid until", Amounts.moment(each.until())));
        });
    reached
        .keys()
        .forEach(each ->
            facts.add(
                new Fact(
                    "key " + each.id(),
                    "%s, valid until %s".formatted(each.key(), Amounts.moment(each.until())))));
    reached.software().ifPresent(each -> facts.add(new Fact("version", each)));
    reached
        .clockAhead()
        .ifPresent(each ->
            facts.add(
                new Fact(
                    "clock",
                    each.abs().toSeconds() == 0
                        ? "the same as here"
                        : "%d s %s"
                            .formatted(
                                each.abs().toSeconds(), each.isNegative() ? "behind" : "ahead"))));
    return facts;
  }
}
