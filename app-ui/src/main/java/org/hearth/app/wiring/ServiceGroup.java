package org.hearth.app.wiring;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.server.admin.WiringPicture;
import org.hearth.server.admin.WiringPicture.Arrow;
import org.hearth.server.admin.WiringPicture.Kind;
import org.hearth.server.admin.WiringPicture.Node;
import org.hearth.server.admin.WiringPicture.Ring;

/// The services of a picture as one box, which writes what they write together: they are many, and
/// each writes little.
final class ServiceGroup {
  /// The name of the box.
  static final String NAME = "Services";

  private static final String PURPOSE = "All other requests";

  private ServiceGroup() {}

  /// A picture with one box in place of its services; the same picture if it has fewer than two.
  static WiringPicture fold(WiringPicture picture) {
    Set<String> services =
        picture.nodes().stream()
            .filter(node -> node.kind() == Kind.SERVICE)
            .map(Node::name)
            .collect(Collectors.toSet());
    if (services.size() < 2) {
      return picture;
    }
    List<Node> nodes =
        new ArrayList<>(
            picture.nodes().stream().filter(node -> !services.contains(node.name())).toList());
    nodes.add(new Node(NAME, Kind.SERVICE, PURPOSE));
    Set<Arrow> arrows = new LinkedHashSet<>();
    picture
        .arrows()
        .forEach(arrow ->
            arrows.add(new Arrow(named(arrow.from(), services), named(arrow.to(), services))));
    List<Ring> rings = picture.rings().stream().map(ring -> fold(ring, services)).toList();
    return new WiringPicture(nodes, List.copyOf(arrows), rings);
  }

  private static String named(String name, Set<String> services) {
    return services.contains(name) ? NAME : name;
  }

  private static Ring fold(Ring ring, Set<String> services) {
    Map<String, Long> writers = new HashMap<>();
    ring.writers().forEach((name, count) -> writers.merge(named(name, services), count, Long::sum));
    return new Ring(
        ring.name(),
        ring.capacity(),
        ring.inFlight(),
        ring.published(),
        ring.waits(),
        writers,
        ring.consumers());
  }
}
