package org.hearth.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.admin.AppVerdict.Verdict;
import org.hearth.server.admin.WayIn.Reach;
import org.hearth.server.admin.WayIn.Security;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Which apps work with which address, app by app: Element X, Element Web, Cinny, FluffyChat,
/// Nheko.
class AppRulesTest {
  private static final Verdict YES = Verdict.WORKS;
  private static final Verdict YET = Verdict.AFTER;
  private static final Verdict NO = Verdict.WILL_NOT;

  /// An address and what becomes of the apps.
  record Row(String url, Reach reach, Security security, List<Verdict> apps) {}

  static Stream<Row> eachAppDemandsItsOwnOfAnAddress() {
    return Stream.of(
        row("http://127.0.0.1:8008", Reach.THIS_COMPUTER, Security.PLAIN, NO, YES, YES, YET, NO),
        row("http://192.168.1.20:8008", Reach.HOME, Security.PLAIN, NO, NO, YES, YES, NO),
        row(
            "http://hearth.local:8008",
            Reach.ANOTHER_PROGRAM,
            Security.PLAIN,
            YES,
            NO,
            YES,
            YES,
            NO),
        row(
            "http://hearth.test.example",
            Reach.ANOTHER_PROGRAM,
            Security.PLAIN,
            NO,
            NO,
            YES,
            YES,
            NO),
        row(
            "https://127.0.0.1:8448",
            Reach.THIS_COMPUTER,
            Security.TRUSTED,
            YET,
            YES,
            YES,
            YET,
            YES),
        row("https://hearth.test:8448", Reach.HOME, Security.TRUSTED, YES, YES, YES, YES, YES),
        row("https://hearth.test:8448", Reach.HOME, Security.OWN_AUTHORITY, YET, YET, YET, NO, YET),
        row(
            "https://127.0.0.1:1",
            Reach.THIS_COMPUTER,
            Security.OWN_AUTHORITY,
            YET,
            YET,
            YET,
            NO,
            YET),
        row("https://hearth.test:8448", Reach.HOME, Security.SELF_SIGNED, NO, YET, YET, NO, YET),
        row("https://192.168.1.20:8448", Reach.HOME, Security.OTHER_NAME, YET, YET, YET, YET, YET),
        row("https://hearth.test:8448", Reach.HOME, Security.ENDED, YET, YET, YET, YET, YET),
        row(
            "https://matrix.test",
            Reach.ANOTHER_PROGRAM,
            Security.UNSEEN,
            YES,
            YES,
            YES,
            YES,
            YES));
  }

  private static Row row(String url, Reach reach, Security security, Verdict... apps) {
    return new Row(url, reach, security, List.of(apps));
  }

  @ParameterizedTest
  @MethodSource
  void eachAppDemandsItsOwnOfAnAddress(Row each) {
    List<AppVerdict> apps = AppRules.of(way(each.url(), each.reach(), each.security()), true);

    assertThat(apps).extracting(AppVerdict::verdict).isEqualTo(each.apps());
    assertThat(apps).allSatisfy(app -> assertThat(app.why()).endsWith(".").doesNotContain("%"));
  }

  @Test
  void whatIsToBeDoneIsSaid() {
    AppVerdict app =
        AppRules.of(way("https://127.0.0.1:1", Reach.THIS_COMPUTER, Security.OWN_AUTHORITY), true)
            .getFirst();

    assertThat(app.why()).contains("installed on the phone", "is switched on");
  }

  @Test
  void elementXNeedsSlidingSync() {
    WayIn way = way("https://hearth.test", Reach.HOME, Security.TRUSTED);

    assertThat(AppRules.of(way, false).getFirst().verdict()).isEqualTo(Verdict.WILL_NOT);
  }

  @Test
  void theLinkCarriesTheAddressAndThePerson() {
    assertThat(
            way("https://hearth.test:8448", Reach.HOME, Security.TRUSTED)
                .link(Optional.of("@a+b=c:hearth.test")))
        .isEqualTo(
            "https://mobile.element.io/element/?account_provider=hearth.test:8448&login_hint=mxid:@a%2Bb%3Dc:hearth.test");
    WayIn plain = way("http://192.168.1.20:8008", Reach.HOME, Security.PLAIN);
    assertThat(plain.link(Optional.empty()))
        .isEqualTo("https://mobile.element.io/element/?account_provider=http://192.168.1.20:8008");
    assertThat(plain.invitation("family")).isEqualTo("http://192.168.1.20:8008/?invitation=family");
  }

  @Test
  void whoReachesAnAddressIsSaid() {
    assertThat(notes(false, way("http://127.0.0.1:1", Reach.THIS_COMPUTER, Security.PLAIN)))
        .anyMatch(note -> note.contains("Only apps on this computer"));
    assertThat(notes(true, way("http://127.0.0.1:1", Reach.THIS_COMPUTER, Security.PLAIN)))
        .anyMatch(note -> note.contains("in no network"));
    assertThat(notes(true, way("https://chat.test:1", Reach.HOME, Security.TRUSTED)))
        .anyMatch(note -> note.contains("where the name chat.test leads to this computer"))
        .anyMatch(note -> note.contains("the name hearth.test alone does not"));
    assertThat(notes(true, way("https://hearth.test", Reach.HOME, Security.TRUSTED)))
        .anyMatch(note -> note.contains("may also be given the name hearth.test"));
    assertThat(notes(false, way("https://chat.test", Reach.ANOTHER_PROGRAM, Security.UNSEEN)))
        .containsExactly(
            "The name alone is enough where https://hearth.test/.well-known/matrix/client names this address.");
  }

  private static List<String> notes(boolean open, WayIn way) {
    return ConnectSummary.of("hearth.test", open, List.of(way), true, Optional.empty()).notes();
  }

  private static WayIn way(String url, Reach reach, Security security) {
    return new WayIn(url, Optional.empty(), reach, security);
  }
}
