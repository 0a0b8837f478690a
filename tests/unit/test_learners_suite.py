"""The shipped suite over every learner that ships."""

from __future__ import annotations

from querist.learners.committee import Committee
from querist.learners.linear import Linear
from querist.testing.learners import LearnerSuite


class TestLinear(LearnerSuite):
    learner = "linear"
    tolerance = 1e-10


class TestLinearWithHeadCovariance(LearnerSuite):
    learner = Linear(C=10.0, standardise=False, draws=7, covariance=True)
    tolerance = 1e-10


class TestLogisticRegression(LearnerSuite):
    learner = "sklearn:LogisticRegression"
    tolerance = 1e-10


class TestSvc(LearnerSuite):
    learner = "sklearn:sklearn.svm.SVC(C=1.0, gamma='auto')"
    tolerance = 1e-10


class TestStandardisedSvc(LearnerSuite):
    learner = "sklearn:SVC(standardise=True)"
    tolerance = 1e-10


class TestRandomForest(LearnerSuite):
    learner = "sklearn:RandomForestClassifier(n_estimators=5)"
    tolerance = 1e-10


class TestGaussianNb(LearnerSuite):
    learner = "sklearn:GaussianNB"


class TestCommittee(LearnerSuite):
    learner = "committee(members=3)"
    tolerance = 1e-10


class TestCommitteeOfVoters(LearnerSuite):
    learner = Committee(members=3, base="sklearn:SVC")


class TestCommitteeOfGivenLearners(LearnerSuite):
    learner = Committee.of(["linear", "sklearn:GaussianNB", "sklearn:SVC(kernel='linear')"])
