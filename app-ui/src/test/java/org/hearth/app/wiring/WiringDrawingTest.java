package org.hearth.app.wiring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import atlantafx.base.theme.PrimerLight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javafx.application.Application;
import javafx.geometry.BoundingBox;
import javafx.geometry.Bounds;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Label;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Region;
import javafx.stage.Stage;
import org.hearth.app.HearthApplication;
import org.hearth.app.wiring.WiringRoutes.Point;
import org.hearth.server.Homeserver;
import org.hearth.server.admin.WiringPicture;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.api.FxRobot;
import org.testfx.framework.junit5.ApplicationExtension;
import org.testfx.framework.junit5.Start;

/// The drawing of a real server's wiring, with as much going along every arrow as there is room
/// for.
@ExtendWith(ApplicationExtension.class)
@Tag("long")
class WiringDrawingTest {
  /// What a window of 1,000 pixels leaves beside the navigation and the margins. The scale at which
  /// nobody sees that the picture was made smaller.
  private static final double HARDLY_SMALLER = 0.95;

  private static final double WIDTH = 764;

  private static final double HEIGHT = 380;

  /// What it leaves above the table when that is closed.
  private static final double HEIGHT_ALONE = 535;

  private static final double RATE = 9_876;

  @SuppressWarnings("NullAway.Init")
  private static WiringPicture picture;

  private final WiringDrawing drawing = new WiringDrawing();
  private final FxRobot robot = new FxRobot();

  @BeforeAll
  static void askAServer(@TempDir Path folder) throws Exception {
    DataFolder data = new DataFolder(folder);
    Files.writeString(
        data.configuration(),
        "server-name: home.example\nlisteners: [ { bind: 127.0.0.1, port: 0 } ]\n");
    try (Homeserver server = new Homeserver(data, ConfigurationReader.read(data.configuration()))) {
      server.start();
      picture = server.admin().orElseThrow().wiring();
    }
  }

  @Start
  void open(Stage stage) throws IOException {
    Application.setUserAgentStylesheet(new PrimerLight().getUserAgentStylesheet());
    // As a scroll pane does, the test gives it the room that it needs.
    WiringFit fit = new WiringFit(drawing);
    fit.setId("fit");
    fit.setManaged(false);
    Scene scene = new Scene(new Pane(fit), WIDTH, HEIGHT);
    scene.getStylesheets().add(String.valueOf(HearthApplication.class.getResource("hearth.css")));
    stage.setScene(scene);
    stage.show();
  }

  @Test
  void theWholeFitsIntoTheSmallestWindow() {
    show(WiringGroups.fold(picture));
    WiringFit fit = robot.lookup("#fit").query();

    assertThat(fit.minWidth(-1)).isLessThanOrEqualTo(WIDTH);
    assertThat(fit.minHeight(-1)).isLessThanOrEqualTo(HEIGHT);
    assertThat(drawing.minWidth(-1)).isLessThanOrEqualTo(WIDTH / HARDLY_SMALLER);
    assertThat(drawing.minHeight(-1)).isLessThanOrEqualTo(HEIGHT / HARDLY_SMALLER);
  }

  @Test
  void eachBoxFitsIntoTheSmallestWindowWithoutTheTable() {
    show(picture);
    WiringFit fit = robot.lookup("#fit").query();

    assertThat(fit.minWidth(-1)).isLessThanOrEqualTo(WIDTH);
    assertThat(fit.minHeight(-1)).isLessThanOrEqualTo(HEIGHT_ALONE);
    robot.interact(() -> {
      fit.resize(WIDTH, HEIGHT_ALONE);
      fit.layout();
    });
    Bounds whole = drawing.localToParent(drawing.getLayoutBounds());
    assertThat(whole.getWidth()).isCloseTo(WIDTH, within(0.5));
    assertThat(whole.getHeight()).isCloseTo(HEIGHT_ALONE, within(0.5));
    assertThat(drawing.getWidth()).isGreaterThanOrEqualTo(drawing.minWidth(-1) - 0.5);
    assertThat(drawing.getHeight()).isGreaterThanOrEqualTo(drawing.minHeight(-1) - 0.5);
  }

  @Test
  void noLineCrossesANameOrANumber() {
    for (WiringPicture each : List.of(WiringGroups.fold(picture), picture)) {
      show(each);

      assertThat(drawing.routes()).hasSameSizeAs(each.arrows());
      drawing
          .routes()
          .forEach((arrow, route) -> {
            for (int i = 1; i < route.points().size(); i++) {
              Bounds part = between(route.points().get(i - 1), route.points().get(i));
              assertThat(texts())
                  .as("crossed by the arrow from %s to %s", arrow.from(), arrow.to())
                  .allSatisfy(
                      (text, bounds) -> assertThat(bounds.intersects(part)).as(text).isFalse());
            }
          });
    }
  }

  @Test
  void everyArrowMeetsItsBox() {
    for (WiringPicture each : List.of(WiringGroups.fold(picture), picture)) {
      show(each);

      Set<String> boxes =
          each.nodes().stream().map(WiringPicture.Node::name).collect(Collectors.toSet());
      drawing
          .routes()
          .forEach((arrow, route) -> {
            if (boxes.contains(arrow.to())) {
              assertThat(box(arrow.to()))
                  .as("%s", arrow)
                  .satisfies(box ->
                      assertThat(route.points().getLast().y())
                          .isBetween(box.getMinY() + 3, box.getMaxY() - 3));
            }
          });
    }
  }

  @Test
  void everyArrowHasItsNumberAndNoTwoTouch() {
    show(WiringGroups.fold(picture));

    List<Label> numbers = labels("wiring-rate");
    assertThat(numbers).hasSameSizeAs(drawing.routes().keySet());
    assertThat(numbers).extracting(Label::getText).containsOnly("9.9k");
    Map<String, Bounds> all = texts();
    List<String> names = new ArrayList<>(all.keySet());
    for (int i = 0; i < names.size(); i++) {
      for (int j = i + 1; j < names.size(); j++) {
        assertThat(bounds(all, names.get(i)).intersects(bounds(all, names.get(j))))
            .as("%s over %s", names.get(i), names.get(j))
            .isFalse();
      }
    }
  }

  @Test
  void aBoxSaysForPeopleWhatItIsForBesideItsName() {
    show(WiringGroups.fold(picture));

    List<String> words =
        drawing.lookup("#wire-RoomServer").lookupAll(".label").stream()
            .map(each -> ((Label) each).getText().replace('\n', ' '))
            .toList();
    assertThat(words).contains("Decides in rooms", "RoomServer");
  }

  @Test
  void theServersBehindTheFirstAreOneBoxWithWhatLeadsThereAndFromThere() {
    WiringPicture folded = WiringGroups.fold(picture);

    assertThat(picture.nodes())
        .extracting(WiringPicture.Node::name)
        .contains("TypingServer", "ClientTypingSetter");
    assertThat(folded.nodes())
        .extracting(WiringPicture.Node::name)
        .contains("RoomServer", "ClientRoomSend", "Other boxes", "Other writers")
        .doesNotContain("TypingServer", "ClientTypingSetter", "DeviceServer");
    assertThat(folded.rings())
        .extracting(WiringPicture.Ring::name)
        .containsExactlyInAnyOrder(
            "room-input", "room-output", "account-output", "commit", "other-input", "other-output");
    assertThat(folded.arrows())
        .contains(
            new WiringPicture.Arrow("Other writers", "other-input"),
            new WiringPicture.Arrow("other-input", "Other boxes"),
            new WiringPicture.Arrow("Other boxes", "other-output"),
            new WiringPicture.Arrow("other-output", "ClientSync"));
    assertThat(published(folded, "other-output"))
        .isEqualTo(
            published(picture, "typing-output")
                + published(picture, "receipt-output")
                + published(picture, "presence-output")
                + published(picture, "device-output")
                + published(picture, "notification-output"));
  }

  @Test
  void whatIsThereForOtherHomeserversIsOneWriterAndOneReader() {
    WiringPicture folded = WiringGroups.fold(picture);

    assertThat(picture.nodes())
        .extracting(WiringPicture.Node::name)
        .contains("FederationSend", "FederationMembership", "FederationDelivery");
    assertThat(folded.nodes())
        .filteredOn(node -> node.name().startsWith("Federation"))
        .extracting(WiringPicture.Node::name, WiringPicture.Node::kind)
        .containsExactlyInAnyOrder(
            tuple("Federation writers", WiringPicture.Kind.WRITER),
            tuple("Federation readers", WiringPicture.Kind.READER));
    assertThat(folded.arrows())
        .contains(
            new WiringPicture.Arrow("Federation writers", "room-input"),
            new WiringPicture.Arrow("room-output", "Federation readers"));
  }

  private static long published(WiringPicture of, String ring) {
    return of.rings().stream()
        .filter(each -> each.name().equals(ring))
        .mapToLong(WiringPicture.Ring::published)
        .sum();
  }

  @Test
  void theServicesAreOneBoxThatWritesWhatTheyWrite() {
    WiringPicture folded = WiringGroups.fold(picture);

    assertThat(picture.nodes()).extracting(WiringPicture.Node::name).contains("Profiles");
    assertThat(folded.nodes())
        .extracting(WiringPicture.Node::name)
        .contains("Services")
        .doesNotContain("Profiles", "Accounts");
    assertThat(folded.arrows())
        .doesNotHaveDuplicates()
        .contains(new WiringPicture.Arrow("Services", "commit"))
        .noneMatch(arrow -> arrow.from().equals("Profiles"));
    WiringPicture counted =
        new WiringPicture(
            picture.nodes(),
            picture.arrows(),
            List.of(
                new WiringPicture.Ring(
                    "commit",
                    8,
                    0,
                    6,
                    0,
                    Map.of("Profiles", 1L, "Accounts", 2L, "RoomServer", 3L),
                    List.of())));
    assertThat(WiringGroups.fold(counted).rings().getFirst().writers())
        .isEqualTo(Map.of("Services", 3L, "RoomServer", 3L));
  }

  private void show(WiringPicture shown) {
    Map<String, WiringViewModel.RingNow> rings = new HashMap<>();
    for (WiringPicture.Ring ring : shown.rings()) {
      Map<String, Double> writers =
          shown.arrows().stream()
              .filter(arrow -> arrow.to().equals(ring.name()))
              .collect(Collectors.toMap(WiringPicture.Arrow::from, _ -> RATE));
      rings.put(
          ring.name(), new WiringViewModel.RingNow(ring, RATE, writers, Map.of(), 0.5, Set.of()));
    }
    robot.interact(() -> {
      drawing.show(Optional.of(new WiringViewModel.Now(shown, rings)));
      Region fit = (Region) drawing.getParent();
      fit.applyCss();
      fit.resize(Math.max(WIDTH, drawing.minWidth(-1)), Math.max(HEIGHT, drawing.minHeight(-1)));
      fit.layout();
    });
  }

  private Bounds box(String name) {
    return drawing.getChildrenUnmodifiable().stream()
        .filter(each -> ("wire-" + name).equals(each.getId()))
        .map(Node::getBoundsInParent)
        .findAny()
        .orElseThrow();
  }

  /// Every text of the drawing, as it is seen: without the room above and below its letters.
  private Map<String, Bounds> texts() {
    Map<String, Bounds> all = new HashMap<>();
    for (String style : List.of("wiring-name", "wiring-kind", "wiring-rate", "wiring-number")) {
      for (Label label : labels(style)) {
        if (!label.getText().isEmpty()) {
          Bounds bounds = drawing.sceneToLocal(label.localToScene(label.getLayoutBounds()));
          all.put(
              "%s at %.0f, %.0f".formatted(label.getText(), bounds.getMinX(), bounds.getMinY()),
              new BoundingBox(
                  bounds.getMinX(),
                  bounds.getMinY() + 3,
                  bounds.getWidth(),
                  bounds.getHeight() - 6));
        }
      }
    }
    return all;
  }

  private List<Label> labels(String style) {
    List<Label> all = new ArrayList<>();
    for (Node node : drawing.lookupAll("." + style)) {
      all.add((Label) node);
    }
    return all;
  }

  private static Bounds bounds(Map<String, Bounds> all, String name) {
    return Optional.ofNullable(all.get(name)).orElseThrow();
  }

  /// What a part of a line takes at most: its bends stay between its ends.
  private static Bounds between(Point one, Point other) {
    return new BoundingBox(
        Math.min(one.x(), other.x()),
        Math.min(one.y(), other.y()) - 1.5,
        Math.abs(one.x() - other.x()),
        Math.abs(one.y() - other.y()) + 3);
  }
}
