package org.hearth.app.wiring;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hearth.server.admin.WiringPicture;
import org.hearth.server.admin.WiringPicture.Arrow;
import org.hearth.server.admin.WiringPicture.Consumer;
import org.hearth.server.admin.WiringPicture.Kind;
import org.hearth.server.admin.WiringPicture.Node;
import org.hearth.server.admin.WiringPicture.Ring;

/// A picture with few boxes in place of many that each do little: the services are one, with those
/// readers that follow no log, and so are the servers behind the first one, with what brings them
/// requests and takes on what they decide. What is there for other homeservers (its name begins
/// with `Federation`) is one writer and one reader.
///
/// What the boxes of a group write is added up, and so are the numbers of logs. What is written by
/// who has no arrow to the log, as readers keep rows of their own, is among what the services
/// write. What a server has decided is in the log that is called as the one of its requests, with
/// `output` for `input`, or in a log that no other box writes.
final class WiringGroups {
  /// The box of the services.
  static final String SERVICES = "Services";

  /// The box of the servers behind the first one; of this program, not of other people.
  static final String SERVERS = "Other boxes";

  private static final String FEDERATION = "Federation";
  private static final String FEDERATION_WRITERS = "Federation writers";
  private static final String FEDERATION_READERS = "Federation readers";
  private static final String WRITERS = "Other writers";
  private static final String INPUT = "other-input";
  private static final String OUTPUT = "other-output";

  private static final Map<String, Node> BOXES =
      Stream.of(
              new Node(FEDERATION_WRITERS, Kind.WRITER, "From other servers"),
              new Node(FEDERATION_READERS, Kind.READER, "To other servers"),
              new Node(WRITERS, Kind.WRITER, "What else they do"),
              new Node(SERVERS, Kind.SERVER, "Keep the rest"),
              new Node(SERVICES, Kind.SERVICE, "All else"))
          .collect(Collectors.toMap(Node::name, node -> node));

  /// The group's name by the name of what is in it: of boxes and of logs.
  private final Map<String, String> groups = new HashMap<>();

  private final WiringPicture picture;

  private WiringGroups(WiringPicture picture) {
    this.picture = picture;
    List<String> services = new ArrayList<>(names(Kind.SERVICE));
    names(Kind.READER).stream().filter(this::followsNothing).forEach(services::add);
    group(services, SERVICES);
    group(forOtherHomeservers(Kind.WRITER), FEDERATION_WRITERS);
    group(
        forOtherHomeservers(Kind.READER).stream()
            .filter(reader -> !services.contains(reader))
            .toList(),
        FEDERATION_READERS);
    List<String> others = names(Kind.SERVER).stream().skip(1).toList();
    if (others.size() > 1) {
      group(others, SERVERS);
      Set<String> inputs = inputs(others);
      Set<String> outputs =
          inputs.stream()
              .map(input -> input.replace("-input", "-output"))
              .collect(Collectors.toCollection(HashSet::new));
      picture.rings().stream()
          .map(Ring::name)
          .filter(ring -> isWrittenOnlyBy(others, ring))
          .forEach(outputs::add);
      outputs.retainAll(picture.rings().stream().map(Ring::name).toList());
      group(inputs, INPUT);
      group(outputs, OUTPUT);
      group(
          names(Kind.WRITER).stream()
              .filter(writer ->
                  picture.arrows().stream()
                      .filter(arrow -> arrow.from().equals(writer))
                      .allMatch(arrow -> inputs.contains(arrow.to())))
              .toList(),
          WRITERS);
    }
  }

  /// A picture with groups in place of what is in them, of each that has two members at least.
  static WiringPicture fold(WiringPicture picture) {
    return new WiringGroups(picture).folded();
  }

  /// Whether it only answers requests, as services do.
  private boolean followsNothing(String reader) {
    return picture.arrows().stream().noneMatch(arrow -> arrow.to().equals(reader));
  }

  private List<String> forOtherHomeservers(Kind kind) {
    return names(kind).stream().filter(name -> name.startsWith(FEDERATION)).toList();
  }

  private List<String> names(Kind kind) {
    return picture.nodes().stream().filter(node -> node.kind() == kind).map(Node::name).toList();
  }

  /// The logs that bring these servers requests: others than servers and the store write them, too.
  private Set<String> inputs(List<String> servers) {
    Set<String> deciding = new HashSet<>(names(Kind.SERVER));
    deciding.addAll(names(Kind.STORE));
    Set<String> found = new HashSet<>();
    for (Ring ring : picture.rings()) {
      boolean leadsThere =
          picture.arrows().stream()
              .anyMatch(arrow -> arrow.from().equals(ring.name()) && servers.contains(arrow.to()));
      boolean comesFromOthers =
          picture.arrows().stream()
              .anyMatch(
                  arrow -> arrow.to().equals(ring.name()) && !deciding.contains(arrow.from()));
      if (leadsThere && comesFromOthers) {
        found.add(ring.name());
      }
    }
    return found;
  }

  private boolean isWrittenOnlyBy(List<String> servers, String ring) {
    List<String> writers =
        picture.arrows().stream()
            .filter(arrow -> arrow.to().equals(ring))
            .map(Arrow::from)
            .toList();
    return !writers.isEmpty() && servers.containsAll(writers);
  }

  private void group(Iterable<String> members, String group) {
    Set<String> all = new LinkedHashSet<>();
    members.forEach(all::add);
    if (all.size() > 1) {
      all.forEach(member -> groups.put(member, group));
    }
  }

  private String named(String name) {
    return groups.getOrDefault(name, name);
  }

  private WiringPicture folded() {
    Map<String, Node> nodes = new LinkedHashMap<>();
    for (Node node : picture.nodes()) {
      String name = named(node.name());
      nodes.putIfAbsent(name, BOXES.getOrDefault(name, node));
    }
    Set<Arrow> arrows = new LinkedHashSet<>();
    picture
        .arrows()
        .forEach(arrow -> arrows.add(new Arrow(named(arrow.from()), named(arrow.to()))));
    Map<String, Ring> rings = new LinkedHashMap<>();
    for (Ring ring : picture.rings()) {
      rings.merge(named(ring.name()), folded(ring), WiringGroups::sum);
    }
    return new WiringPicture(
        List.copyOf(nodes.values()), List.copyOf(arrows), List.copyOf(rings.values()));
  }

  private Ring folded(Ring ring) {
    Map<String, Long> counted = ring.writers();
    if (counted.isEmpty()) {
      Optional<String> only =
          picture.arrows().stream()
              .filter(arrow -> arrow.to().equals(ring.name()))
              .map(Arrow::from)
              .findFirst();
      counted = only.map(name -> Map.of(name, ring.published())).orElse(Map.of());
    }
    Map<String, Long> writers = new HashMap<>();
    counted.forEach((name, count) -> writers.merge(writer(name, ring), count, Long::sum));
    return new Ring(
        named(ring.name()),
        ring.capacity(),
        ring.inFlight(),
        ring.published(),
        ring.waits(),
        writers,
        ring.consumers());
  }

  private String writer(String name, Ring ring) {
    boolean shown = picture.arrows().contains(new Arrow(name, ring.name()));
    return shown || !groups.containsValue(SERVICES) ? named(name) : SERVICES;
  }

  private static Ring sum(Ring one, Ring other) {
    Map<String, Long> writers = new HashMap<>(one.writers());
    other.writers().forEach((name, count) -> writers.merge(name, count, Long::sum));
    Map<String, Consumer> consumers = new LinkedHashMap<>();
    one.consumers().forEach(each -> consumers.put(each.name(), each));
    other.consumers().forEach(each -> consumers.merge(each.name(), each, WiringGroups::sum));
    return new Ring(
        one.name(),
        one.capacity() + other.capacity(),
        one.inFlight() + other.inFlight(),
        one.published() + other.published(),
        one.waits() + other.waits(),
        writers,
        List.copyOf(consumers.values()));
  }

  private static Consumer sum(Consumer one, Consumer other) {
    return new Consumer(
        one.name(),
        one.consumed() + other.consumed(),
        one.lag() + other.lag(),
        one.failures() + other.failures(),
        one.parked() + other.parked(),
        one.batches() + other.batches(),
        one.busyNanos() + other.busyNanos());
  }
}
