#include "reports/html_page.h"
#include "reports/site/pages.h"

static void put_words(const struct frame *f)
{
	fputs("<h2 id=\"words\">What the verdicts mean</h2>\n<div class=\"scroll\" tabindex=\"0\" "
	      "role=\"region\" aria-label=\"verdicts\"><table class=\"list\"><tbody>\n",
		f->to);
	for (int v = 0; v < VERDICT_COUNT; v++) {
		fputs("<tr><th scope=\"row\">", f->to);
		frame_badge(f, (enum verdict)v);
		fprintf(f->to, "</th><td>%s</td></tr>\n", html_meaning((enum verdict)v));
	}
	fputs("</tbody></table></div>\n<p>MUST and STATED rules bind (STATED: the standard says it "
	      "without a keyword), SHOULD is a recommendation, MAY leaves a choice. A statement is "
	      "<strong>kept</strong> when a case run saw it kept and none saw it broken; "
	      "<strong>broken</strong> when one ended with fail or crash on it; the rest of what "
	      "was judged taught nothing, or was legal and odd.</p>\n",
		f->to);
}

static void put_score(const struct frame *f)
{
	fputs("<h2 id=\"score\">What a score does not mean</h2>\n<ul>\n"
	      "<li>It is no rank. Statements are not equally important, nor equally often met: one "
	      "broken rule may lose messages, and twenty others concern a byte that no client ever "
	      "sends.</li>\n"
	      "<li>It says nothing of speed, of safety, of how well a program is made or looked "
	      "after, or of whether it suits you.</li>\n"
	      "<li>The number of case runs that failed is no number of faults: one fault may show "
	      "in "
	      "a hundred of them. The report of a version puts failures together by cause.</li>\n"
	      "<li>What was not judged was not kept. A target that offers less has fewer ways to "
	      "break something.</li>\n"
	      "<li>It holds for one version, set up in one way, on one day. A later version may "
	      "have "
	      "mended it; another configuration may behave in another way.</li>\n"
	      "<li>Two scores can only be compared when the same version of mqttspec and the same "
	      "catalogue judged both: the page of each target names them.</li>\n"
	      "<li>A pass is no proof. A case shows that a rule was kept where it looked.</li>\n"
	      "</ul>\n",
		f->to);
}

static void put_configuration(const struct frame *f)
{
	fputs("<h2 id=\"configuration\">What depends on the configuration</h2>\n<p>Some of what "
	      "the "
	      "standard leaves to the server is decided by whoever sets it up: who may connect, "
	      "which QoS is granted, how large a packet may be, whether messages are kept on disk, "
	      "which transports there are. The page of each target says how it was started, and "
	      "lists what its configuration did not offer, with the number of case runs that "
	      "<em>inapplicable</em> stands for. A target that is set up in two ways can be judged "
	      "twice, under two names.</p>\n",
		f->to);
}

static void put_objection(const struct frame *f)
{
	fputs("<h2 id=\"object\">How to object, and what happens then</h2>\n<p>A verdict against a "
	      "target that is right is the worst fault that mqttspec can have. If you maintain a "
	      "target, or know it well, and a verdict here is wrong:</p>\n<ol>\n"
	      "<li>Follow it to the case run: the transcript, the bytes, the capture and the "
	      "command that plays it again are there.</li>\n"
	      "<li>Open an issue with the template <em>A verdict is wrong</em> where mqttspec is "
	      "developed. Name the case and the version, and say which sentence of the standard "
	      "allows what your program does; the link to this page is enough evidence.</li>\n"
	      "</ol>\n<p>What happens then: somebody plays the case again, and answers. While "
	      "the question is open, the target's file can foresee the verdict, with a reason and "
	      "a "
	      "link to the issue, and the report of the version says so beside it. "
	      "The standard decides, read literally; where it can be read in two ways, both are "
	      "accepted, and the case is changed to say so. If the verdict was wrong, the case is "
	      "mended, a test is added that would have seen it, the change is told in the "
	      "changelog, and the next making of the site shows it. If it was right, the answer "
	      "quotes the statement and stays with the issue. Nobody is asked to mend anything by "
	      "a date.</p>\n",
		f->to);
}

static void put_making(const struct frame *f)
{
	fputs("<h2 id=\"making\">How it is made, and its links</h2>\n<p>Every page is made from "
	      "the "
	      "records of runs. The matrix has a column for each target in its newest version; the "
	      "page of a target has the others. Links stay: they are made of the target, the "
	      "version, the case and the statement, and of nothing else. <a "
	      "href=\"index.json\">index.json</a> lists the targets and where their results are, "
	      "<a href=\"statements.json\">statements.json</a> and <a "
	      "href=\"cases.json\">cases.json</a> have the tables. No page needs a network, and "
	      "none needs scripts but the report of a version, which without them shows its "
	      "failures as text.</p>\n",
		f->to);
}

void page_about(const struct frame *f)
{
	frame_begin(f, "What this means", (struct frame_parent){ "index.html", "Matrix" }, false);
	put_words(f);
	put_score(f);
	put_configuration(f);
	put_objection(f);
	put_making(f);
	frame_end(f);
}
