package org.hearth.app.wiring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.app.wiring.WiringLayout.Place;
import org.hearth.server.admin.WiringPicture;
import org.hearth.server.admin.WiringPicture.Arrow;
import org.hearth.server.admin.WiringPicture.Kind;
import org.junit.jupiter.api.Test;

/// A server that decides durably and one in memory that follows it, with a reader that writes.
class WiringLayoutTest {
  private static final WiringPicture PICTURE =
      new WiringPicture(
          List.of(
              node("Setter", Kind.WRITER),
              node("Send", Kind.WRITER),
              node("Accounts", Kind.SERVICE),
              node("RoomServer", Kind.SERVER),
              node("TypingServer", Kind.SERVER),
              node("Committer", Kind.STORE),
              node("Guests", Kind.READER),
              node("Sync", Kind.READER)),
          List.of(
              new Arrow("Setter", "typing-input"),
              new Arrow("TypingServer", "typing-input"),
              new Arrow("typing-input", "TypingServer"),
              new Arrow("TypingServer", "typing-output"),
              new Arrow("typing-output", "Sync"),
              new Arrow("Send", "room-input"),
              new Arrow("room-input", "RoomServer"),
              new Arrow("RoomServer", "commit"),
              new Arrow("Accounts", "commit"),
              new Arrow("Accounts", "room-input"),
              new Arrow("commit", "Committer"),
              new Arrow("Committer", "room-output"),
              new Arrow("room-output", "TypingServer"),
              new Arrow("room-output", "Guests"),
              new Arrow("room-output", "Sync"),
              new Arrow("Guests", "room-input")),
          List.of(
              ring("room-input"),
              ring("typing-input"),
              ring("commit"),
              ring("room-output"),
              ring("typing-output")));

  private final WiringLayout layout = WiringLayout.of(PICTURE);

  @Test
  void columnsFollowWhatTheBoxesDo() {
    assertThat(layout.columns()).isEqualTo(7);
    assertThat(column("Setter", "Send", "Accounts")).containsOnly(0);
    assertThat(column("room-input", "typing-input")).containsOnly(1);
    assertThat(column("RoomServer", "TypingServer")).containsOnly(2);
    assertThat(column("commit")).containsOnly(3);
    assertThat(column("Committer")).containsOnly(4);
    assertThat(column("room-output", "typing-output")).containsOnly(5);
    assertThat(column("Guests", "Sync")).containsOnly(6);
  }

  @Test
  void arrowsAgainstTheFlowHaveNoWayBetweenTheBoxes() {
    assertThat(PICTURE.arrows().stream().filter(arrow -> layout.way(arrow).isEmpty()).toList())
        .containsExactlyInAnyOrder(
            new Arrow("TypingServer", "typing-input"),
            new Arrow("room-output", "TypingServer"),
            new Arrow("Guests", "room-input"));
  }

  @Test
  void aLongArrowBendsAroundTheBoxesBetween() {
    Optional<List<Place>> way = layout.way(new Arrow("Accounts", "commit"));

    assertThat(way.orElseThrow()).extracting(Place::column).containsExactly(0, 1, 2, 3);
    for (Place bend : way.orElseThrow().subList(1, 3)) {
      assertThat(layout.places().values())
          .filteredOn(place -> place.column() == bend.column())
          .allSatisfy(
              place -> assertThat(Math.abs(place.row() - bend.row())).isGreaterThanOrEqualTo(0.5));
    }
  }

  /// What writes and reads the typing logs stands above or below what does so with the room's.
  @Test
  void theTwoFlowsDoNotCross() {
    double setter = row("Setter") - row("Send");
    assertThat(setter * (row("typing-input") - row("room-input"))).isPositive();
    assertThat(setter * (row("TypingServer") - row("RoomServer"))).isPositive();
    assertThat(setter * (row("typing-output") - row("room-output"))).isPositive();
  }

  @Test
  void nothingStandsOnSomethingElseOrOutside() {
    List<Place> places = List.copyOf(layout.places().values());
    assertThat(places)
        .hasSize(PICTURE.nodes().size() + PICTURE.rings().size())
        .doesNotHaveDuplicates();
    for (Place place : places) {
      assertThat(place.row()).isBetween(-0.5, layout.rows() - 0.5);
      assertThat(places)
          .filteredOn(other -> !other.equals(place) && other.column() == place.column())
          .allSatisfy(other ->
              assertThat(Math.abs(place.row() - other.row())).isGreaterThanOrEqualTo(1 - 1e-9));
    }
  }

  @Test
  void servicesThatNoArrowTouchesStandByTheStore() {
    List<WiringPicture.Node> nodes = new ArrayList<>(PICTURE.nodes());
    nodes.add(node("Activity", Kind.SERVICE));

    WiringLayout more =
        WiringLayout.of(new WiringPicture(nodes, PICTURE.arrows(), PICTURE.rings()));

    assertThat(more.places().get("Activity")).extracting(Place::column).isEqualTo(4);
    assertThat(more.columns()).isEqualTo(7);
  }

  @Test
  void servicesThatOnlyStoreStandBesideTheServers() {
    List<WiringPicture.Node> nodes = new ArrayList<>(PICTURE.nodes());
    nodes.add(node("Staging", Kind.SERVICE));
    List<Arrow> arrows = new ArrayList<>(PICTURE.arrows());
    arrows.add(new Arrow("Staging", "commit"));

    WiringLayout more = WiringLayout.of(new WiringPicture(nodes, arrows, PICTURE.rings()));

    assertThat(more.places().get("Staging")).extracting(Place::column).isEqualTo(2);
    assertThat(more.places().get("Accounts")).extracting(Place::column).isEqualTo(0);
  }

  @Test
  void boxesOfAColumnThatHasManyAreFlat() {
    List<WiringPicture.Node> nodes = new ArrayList<>(PICTURE.nodes());
    for (int i = 0; i < 8; i++) {
      nodes.add(node("Writer" + i, Kind.WRITER));
    }
    WiringPicture many = new WiringPicture(nodes, PICTURE.arrows(), PICTURE.rings());

    assertThat(WiringLayout.flat(PICTURE)).isEmpty();
    assertThat(WiringLayout.flat(many))
        .hasSize(8 + 3)
        .contains("Setter", "Send", "Accounts", "Writer7");
    assertThat(WiringLayout.of(many).rows()).isLessThan(8);
  }

  private List<Integer> column(String... names) {
    return List.of(names).stream().map(name -> place(name).column()).toList();
  }

  private double row(String name) {
    return place(name).row();
  }

  private Place place(String name) {
    return Optional.ofNullable(layout.places().get(name)).orElseThrow();
  }

  private static WiringPicture.Node node(String name, Kind kind) {
    return new WiringPicture.Node(name, kind, "");
  }

  private static WiringPicture.Ring ring(String name) {
    return new WiringPicture.Ring(name, 1_024, 0, 0, 0, Map.of(), List.of());
  }
}
