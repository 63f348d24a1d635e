package org.hearth.server.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.hearth.ringlogs.LogFigures;
import org.hearth.ringlogs.LogFigures.ConsumerFigures;
import org.hearth.ringlogs.LogFigures.WriterFigures;
import org.hearth.ringlogs.WiringDescription;
import org.hearth.ringlogs.WiringDescription.Arrow;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.store.StoreFigures;

/// Makes a [WiringPicture] of what the logs and the store say of themselves.
final class Pictures {
  private static final String COMMITTER = "Committer";
  private static final String COMMIT_RING = "commit";

  private Pictures() {}

  static WiringPicture of(Admin.Wiring wiring, StoreFigures store) {
    WiringDescription description = wiring.description();
    List<WiringPicture.Node> nodes = new ArrayList<>();
    List<WiringPicture.Arrow> arrows = new ArrayList<>();
    for (Node node : description.nodes()) {
      if (!node.isLog()) {
        nodes.add(
            new WiringPicture.Node(
                node.name(), kind(node.kind()), wiring.purposes().getOrDefault(node.name(), "")));
        // What a reader keeps for itself would lead back across the whole picture.
        if (node.kind() != Node.Kind.READER && wiring.storing().contains(node.name())) {
          arrows.add(new WiringPicture.Arrow(node.name(), COMMIT_RING));
        }
      }
    }
    nodes.add(new WiringPicture.Node(COMMITTER, WiringPicture.Kind.STORE, "Writes to the disk"));
    arrows.add(new WiringPicture.Arrow(COMMIT_RING, COMMITTER));
    for (Arrow arrow : description.arrows()) {
      switch (arrow.kind()) {
        case FEEDS -> addOnce(arrows, new WiringPicture.Arrow(arrow.from(), arrow.to()));
        case WRITES -> {
          if (isOutput(description, arrow.to())) {
            // What is decided goes through the committer, which publishes it after the commit.
            addOnce(arrows, new WiringPicture.Arrow(arrow.from(), COMMIT_RING));
            addOnce(arrows, new WiringPicture.Arrow(COMMITTER, arrow.to()));
          } else {
            addOnce(arrows, new WiringPicture.Arrow(arrow.from(), arrow.to()));
          }
        }
        case ASKS, COMMANDS, BEFORE -> {
          // Calls and the order of readers would hide the flow.
        }
      }
    }
    List<WiringPicture.Ring> rings = new ArrayList<>();
    wiring.figures().get().forEach(each -> rings.add(ring(each)));
    rings.add(commitRing(store));
    return new WiringPicture(nodes, arrows, rings);
  }

  private static void addOnce(List<WiringPicture.Arrow> arrows, WiringPicture.Arrow arrow) {
    if (!arrows.contains(arrow)) {
      arrows.add(arrow);
    }
  }

  private static boolean isOutput(WiringDescription description, String name) {
    return description.nodes().stream()
        .anyMatch(node -> node.name().equals(name) && node.kind() == Node.Kind.OUTPUT_LOG);
  }

  private static WiringPicture.Kind kind(Node.Kind kind) {
    return switch (kind) {
      case WRITER -> WiringPicture.Kind.WRITER;
      case SERVER -> WiringPicture.Kind.SERVER;
      case READER -> WiringPicture.Kind.READER;
      case SERVICE, INPUT_LOG, OUTPUT_LOG, VOLATILE_LOG -> WiringPicture.Kind.SERVICE;
    };
  }

  private static WiringPicture.Ring ring(LogFigures figures) {
    return new WiringPicture.Ring(
        figures.log(),
        figures.capacity(),
        figures.inRing(),
        figures.published(),
        figures.waits(),
        figures.writers().stream()
            .collect(Collectors.toMap(WriterFigures::writer, WriterFigures::submitted, Long::sum)),
        figures.consumers().stream().map(Pictures::consumer).toList());
  }

  private static WiringPicture.Consumer consumer(ConsumerFigures figures) {
    return new WiringPicture.Consumer(
        figures.consumer(),
        figures.consumed(),
        figures.lag(),
        figures.failures(),
        figures.parkedKeys().size(),
        figures.batchSizes().count(),
        figures.busy().toNanos());
  }

  /// What goes through it are units of work, whatever they change and announce. Readers and the
  /// store itself are among those who write, though no arrow says so.
  private static WiringPicture.Ring commitRing(StoreFigures store) {
    return new WiringPicture.Ring(
        COMMIT_RING,
        store.queueCapacity(),
        store.queued(),
        store.taken().values().stream().mapToLong(Long::longValue).sum(),
        store.queueWaits(),
        store.taken(),
        List.of(
            new WiringPicture.Consumer(
                COMMITTER,
                store.handled(),
                store.queued(),
                store.failedUnits(),
                0,
                store.commits(),
                store.commitNanos().sum())));
  }
}
