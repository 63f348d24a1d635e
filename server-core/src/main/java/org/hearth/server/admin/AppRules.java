package org.hearth.server.admin;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.admin.AppVerdict.Verdict;
import org.hearth.server.admin.WayIn.Reach;
import org.hearth.server.admin.WayIn.Security;

/// Which apps work with an address: what each of them demands of it, as data and branches. Nothing
/// is looked up, so that the same address always gets the same verdicts.
///
/// **source**: element-x-android `network_security_config.xml` (names with which it takes plain
/// HTTP); element-x-ios `Info.plist` (none); browsers' rules of mixed content; Nheko #105 and
/// #1118; FluffyChat #1393, #3427; Cinny `cs-api.ts`
final class AppRules {
  /// The ends of names at home with which Element X on Android takes plain HTTP.
  private static final List<String> PLAIN_ON_ANDROID =
      List.of(".home.arpa", ".local", ".test", ".home", ".lan", ".localdomain", ".onion");

  private static final String SWITCH = "after “Let devices at home connect” is switched on";

  private AppRules() {}

  /// What becomes of each app.
  ///
  /// @param way the address that people are given
  /// @param slidingSync whether the server serves simplified sliding sync
  static List<AppVerdict> of(WayIn way, boolean slidingSync) {
    return Stream.of(
            verdict("Element X", elementX(way, slidingSync)),
            verdict("Element Web", elementWeb(way)),
            verdict("Cinny", cinny(way)),
            verdict("FluffyChat", fluffyChat(way)),
            verdict("Nheko", nheko(way)))
        .toList();
  }

  private record Said(Verdict verdict, String why) {}

  private static AppVerdict verdict(String app, Said said) {
    return new AppVerdict(app, said.verdict(), said.why());
  }

  private static Said works(String why) {
    return new Said(Verdict.WORKS, why);
  }

  private static Said after(String why) {
    return new Said(Verdict.AFTER, why);
  }

  private static Said not(String why) {
    return new Said(Verdict.WILL_NOT, why);
  }

  /// What no app accepts.
  private static Optional<Said> refusedByAll(WayIn way) {
    return switch (way.security()) {
      case ENDED -> Optional.of(after("Works after the certificate is renewed: it has ended."));
      case OTHER_NAME ->
          Optional.of(
              after(
                  "Works after the listener has a certificate for %s: the one it has is for another name."
                      .formatted(way.host())));
      case PLAIN, TRUSTED, OWN_AUTHORITY, SELF_SIGNED, UNSEEN -> Optional.empty();
    };
  }

  private static Said elementX(WayIn way, boolean slidingSync) {
    if (!slidingSync) {
      return not("It needs simplified sliding sync, which this version does not serve.");
    }
    boolean here = way.reach() == Reach.THIS_COMPUTER;
    return refusedByAll(way)
        .orElseGet(() ->
            switch (way.security()) {
              case PLAIN ->
                  PLAIN_ON_ANDROID.stream().anyMatch(way.host()::endsWith) && !here
                      ? works("On Android. An iPhone needs an address with https.")
                      : not("It needs an address with https; this one has http.");
              case OWN_AUTHORITY ->
                  after(
                      "Works after the authority of the certificate is installed on the phone%s."
                          .formatted(here ? ", and " + SWITCH : ""));
              case SELF_SIGNED ->
                  not("It does not accept a certificate that vouches only for itself.");
              case TRUSTED, UNSEEN, OTHER_NAME, ENDED ->
                  here ? after("Works " + SWITCH + ".") : works(trusted(way));
            });
  }

  private static Said elementWeb(WayIn way) {
    boolean here = way.reach() == Reach.THIS_COMPUTER;
    return refusedByAll(way)
        .orElseGet(() ->
            switch (way.security()) {
              case PLAIN ->
                  here
                      ? works("In Chrome, Edge and Firefox on this computer.")
                      : not("A browser lets it reach only addresses with https.");
              case OWN_AUTHORITY, SELF_SIGNED ->
                  after(
                      "Works after you have opened the address in the same browser and accepted its certificate.");
              case TRUSTED, OTHER_NAME, ENDED ->
                  works(
                      here
                          ? "On this computer."
                          : "Chrome asks once whether it may reach your network.");
              case UNSEEN -> works(trusted(way));
            });
  }

  private static Said cinny(WayIn way) {
    boolean here = way.reach() == Reach.THIS_COMPUTER;
    return refusedByAll(way)
        .orElseGet(() ->
            switch (way.security()) {
              case PLAIN ->
                  works(
                      here
                          ? "On this computer; give it the address with http://."
                          : "As a program on computers, given the address with http://; not in a browser.");
              case OWN_AUTHORITY, SELF_SIGNED ->
                  after("Works after the computer, or its browser, accepts the certificate.");
              case TRUSTED, UNSEEN, OTHER_NAME, ENDED ->
                  works(here ? "On this computer." : trusted(way));
            });
  }

  private static Said fluffyChat(WayIn way) {
    boolean here = way.reach() == Reach.THIS_COMPUTER;
    return refusedByAll(way)
        .orElseGet(() ->
            switch (way.security()) {
              case OWN_AUTHORITY, SELF_SIGNED ->
                  not("On Android it accepts no certificate of your own.");
              case PLAIN ->
                  here
                      ? after("Works " + SWITCH + ", with http:// before the address.")
                      : works("Give it the address with http://.");
              case TRUSTED, UNSEEN, OTHER_NAME, ENDED ->
                  here ? after("Works " + SWITCH + ".") : works(trusted(way));
            });
  }

  private static Said nheko(WayIn way) {
    return refusedByAll(way)
        .orElseGet(() ->
            switch (way.security()) {
              case PLAIN -> not("It needs an address with https; this one has http.");
              case OWN_AUTHORITY, SELF_SIGNED ->
                  after("Works after the computer accepts the authority of the certificate.");
              case TRUSTED, UNSEEN, OTHER_NAME, ENDED ->
                  works(way.reach() == Reach.THIS_COMPUTER ? "On this computer." : trusted(way));
            });
  }

  private static String trusted(WayIn way) {
    return way.security() == Security.UNSEEN
        ? "As long as the web server before Hearth has a certificate that devices trust."
        : "Its certificate is one that devices trust.";
  }
}
